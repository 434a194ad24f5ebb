import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noise, sourceText } from '../../test/support/made-content.ts';
import { looksRandom } from './looks-random.ts';

test('noise looks random, between names as well', () => {
  for (const size of [4_096, 20_000, 300_000, 5_000_000]) assert.equal(looksRandom(noise(size, 'noise')), true);
  const names = sourceText(4_000, 'names');
  assert.equal(looksRandom(Buffer.concat([names, noise(200_000, 'archive'), names])), true);
});

test('text, zeros, hex digits and small contents do not', () => {
  assert.equal(looksRandom(sourceText(50_000, 'text')), false);
  assert.equal(looksRandom(Buffer.alloc(50_000)), false);
  assert.equal(looksRandom(Buffer.from(noise(25_000, 'hex').toString('hex'))), false);
  assert.equal(looksRandom(Buffer.from(noise(25_000, 'base64').toString('base64'))), false);
  assert.equal(looksRandom(noise(4_095, 'small')), false);
});

test('a content is not taken for random because a part of it is', () => {
  const mixed = Buffer.concat([noise(400_000, 'before'), sourceText(200_000, 'text'), noise(400_000, 'behind')]);
  assert.equal(looksRandom(mixed), false);
});
