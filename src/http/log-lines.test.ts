import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LogLines } from './log-lines.ts';

test('lines are cut where they end, however the bytes come', () => {
  const text = 'one\nzwölf\n\nunended';
  for (let size = 1; size <= 20; size++) {
    const lines = new LogLines(0);
    const bytes = Buffer.from(text);
    const found = [];
    for (let at = 0; at < bytes.byteLength; at += size) found.push(...lines.add(bytes.subarray(at, at + size)));
    assert.deepEqual(found, [
      { text: 'one', endsAt: 4 },
      { text: 'zwölf', endsAt: 11 },
      { text: '', endsAt: 12 },
    ]);
    assert.equal(lines.readUntil, bytes.byteLength);
  }
});

test('positions count from where reading began', () => {
  assert.deepEqual(new LogLines(100).add(Buffer.from('x\n')), [{ text: 'x', endsAt: 102 }]);
});
