import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatS3Address, parseS3Address } from './s3-address.ts';

test('an address names a bucket, and a prefix or none', () => {
  for (const [text, bucket, prefix] of [
    ['s3://packages', 'packages', ''],
    ['s3://packages/', 'packages', ''],
    ['s3://my.packages-1/slipway', 'my.packages-1', 'slipway/'],
    ['s3://packages/Team_A/slipway/', 'packages', 'Team_A/slipway/'],
  ] as const) {
    const address = parseS3Address(text);
    assert.deepEqual(address, { bucket, prefix });
    assert.equal(address && formatS3Address(address), text.replace(/\/$/, ''));
  }
});

test('what is no bucket, or a prefix that some store may read otherwise, is no address', () => {
  for (const text of ['', 'packages', 'https://store/packages', 's3://', 's3://ab', 's3://Packages', 's3://-packages'])
    assert.equal(parseS3Address(text), undefined, text);
  for (const path of ['//', 'a//b', '../a', 'a/./b', 'a b', 'ä', 'a?b', 'a%20b', 'a#b'])
    assert.equal(parseS3Address(`s3://packages/${path}`), undefined, path);
});
