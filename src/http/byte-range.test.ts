import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseByteRange } from './byte-range.ts';

test('a single range of bytes', () => {
  const cases: [string, { start: number; end: number }][] = [
    ['bytes=0-0', { start: 0, end: 0 }],
    ['bytes=10-19', { start: 10, end: 19 }],
    ['bytes=90-', { start: 90, end: 99 }],
    ['bytes=90-1000', { start: 90, end: 99 }],
    ['bytes=-10', { start: 90, end: 99 }],
    ['bytes=-1000', { start: 0, end: 99 }],
    [' BYTES = 1 - 2 ', { start: 1, end: 2 }],
  ];
  for (const [header, range] of cases) assert.deepEqual(parseByteRange(header, 100), range, header);
});

test('what is no single range of bytes means the whole', () => {
  for (const header of [
    undefined,
    '',
    'bytes',
    'bytes=',
    'bytes=-',
    'bytes=a-b',
    'lines=1-2',
    'bytes=0-1,5-6',
    'bytes=9-5',
  ]) {
    assert.equal(parseByteRange(header, 100), undefined, header);
  }
});

test('a range outside of the file cannot be satisfied', () => {
  for (const header of ['bytes=100-', 'bytes=100-200', 'bytes=-0', `bytes=${'9'.repeat(400)}-`]) {
    assert.equal(parseByteRange(header, 100), 'not satisfiable', header);
  }
  assert.equal(parseByteRange('bytes=0-', 0), 'not satisfiable');
});
