import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cutText, cutToFit, splitText } from './cut-text.ts';

const TEXT = 'aä€😀z';

test('text is cut between characters, and nothing of it is lost', () => {
  for (let most = 4; most < 14; most += 1) {
    const pieces = splitText(TEXT, most);
    assert.equal(pieces.join(''), TEXT);
    for (const piece of pieces) assert.ok(Buffer.byteLength(piece) <= most, `${piece} of ${most}`);
  }
  assert.equal(cutText(Buffer.from(TEXT), 5).toString(), 'aä');
});

test('a log that is full says so once, however its last character falls', () => {
  const limits = { mostBytes: 10, note: 'full' };
  assert.equal(cutToFit(Buffer.from('12345'), { sizeBytes: 4, ...limits }).toString(), '12345');
  assert.equal(cutToFit(Buffer.from('1234€'), { sizeBytes: 4, ...limits }).toString(), '1234\nfull');
  assert.equal(cutToFit(Buffer.from('more'), { sizeBytes: 13, ...limits }).toString(), '');
});
