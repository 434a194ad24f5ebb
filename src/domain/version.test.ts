import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refusal } from './refusal.ts';
import { latestTaggedVersion, packageVersion, parseVersion } from './version.ts';

test('a version is three dotted integers, the last with up to 15 digits', () => {
  for (const text of ['0.0.0', '2.5.4', '1.0.1732428000000', '  2.5.4 ']) {
    assert.equal(parseVersion(text).text, text.trim());
  }
});

test('anything else is not a version', () => {
  const wrong = [
    '',
    '2',
    '2.5',
    '2.5.4.63',
    'v2.5.4',
    '2.5.x',
    '2.5.-4',
    '2..4',
    '2.5.4-rc1',
    '٢.٥.٤',
    '1.0.1234567890123456',
  ];
  for (const text of wrong) {
    assert.throws(
      () => parseVersion(text),
      (error) => error instanceof Refusal && error.code === 'INVALID_VERSION',
      text,
    );
  }
});

test('a version with a million digits is refused without work', () => {
  assert.throws(() => parseVersion(`1.0.${'9'.repeat(1_000_000)}`), Refusal);
  assert.throws(() => parseVersion(' '.repeat(1_000_000)), Refusal);
});

test("a package's version ends in eight digits of the commit, or in the integer it was named by", () => {
  const version = parseVersion('2.5.4');
  const id = '62e3d711aabbccddeeff00112233445566778899';
  assert.equal(packageVersion(version, { id, number: undefined }), '2.5.4.62e3d711');
  assert.equal(packageVersion(version, { id, number: 63 }), '2.5.4.63');
});

test('the version that a branch was tagged with last ends in the integer of its revision', () => {
  assert.equal(latestTaggedVersion('2.5.4.62e3d711', 63), '2.5.4.63');
  assert.equal(latestTaggedVersion('2.5.4.63', 63), '2.5.4.63');
  assert.equal(latestTaggedVersion('2.5.4.62e3d711', undefined), '2.5.4.62e3d711');
});
