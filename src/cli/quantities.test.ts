import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDuration, parseSize, parseWholeNumber } from './quantities.ts';

test('durations are read with their unit, and as seconds without one', () => {
  const texts = ['500ms', '30s', '30', '1.5m', '2h', '90d', '15 M'];
  assert.deepEqual(texts.map(parseDuration), [500, 30_000, 30_000, 90_000, 7_200_000, 7_776_000_000, 900_000]);
});

test('sizes are read with their unit, and as bytes without one', () => {
  assert.deepEqual(['0', '100', '1kib', '2GiB', '1.5MiB'].map(parseSize), [0, 100, 1024, 2 ** 31, 1_572_864]);
});

test('what is not a quantity is not accepted', () => {
  for (const text of ['', '-1s', 's', '1 week', '1e3', '9999999999999', '0x10', '1GB2']) {
    assert.equal(parseDuration(text), undefined, text);
    assert.equal(parseSize(text), undefined, text);
  }
});

test('whole numbers stay within their bounds', () => {
  assert.deepEqual(
    ['0', '7', '8', '-1', '1.0', ' 1', ''].map((text) => parseWholeNumber(text, 1, 7)),
    [undefined, 7, undefined, undefined, undefined, undefined, undefined],
  );
});
