import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packageName } from './package-name.ts';

test('a package is named for its branch and version', () => {
  assert.equal(packageName('Main line', '2.5.4.63'), 'Main line-2.5.4.63.mda');
});

test('a name never holds what a file name on some system cannot', () => {
  assert.equal(packageName('release/1', '1.0.0.1'), 'release-1-1.0.0.1.mda');
  assert.equal(packageName('a\\b:c*d?e"f<g>h|i\nj', '1.0.0.1'), 'a-b-c-d-e-f-g-h-i-j-1.0.0.1.mda');
  assert.equal(packageName('../../etc', '1.0.0.1'), '-..-etc-1.0.0.1.mda');
  assert.equal(packageName('...', '1.0.0.1'), 'branch-1.0.0.1.mda');
  assert.equal(packageName('größe', '1.0.0.1'), 'größe-1.0.0.1.mda');
});

test('a long branch is cut between characters, to what every file system takes', () => {
  const name = packageName('\u{1f680}'.repeat(300), '999999999999999.999999999999999.999999999999999.01234567');
  assert.ok(name.isWellFormed());
  assert.ok(name.startsWith('\u{1f680}'.repeat(40)));
  assert.ok(Buffer.byteLength(name) < 240);
});
