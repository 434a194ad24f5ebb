import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAtLeast, parseMendixVersion } from './mendix-version.ts';

test('what Mendix calls its versions is taken, and nothing that could name another folder', () => {
  for (const text of ['10.12.3.41523', '9.24.0', '6.6.0-rc3', '4.4', ' 11.6.3.1 ']) {
    assert.equal(parseMendixVersion(text), text.trim());
  }
  for (const text of ['', '10', '..', '1.2/3', '1.2.3.4.5', '1.2-../x', '10.x', '1.2 3', `${'9'.repeat(20)}.1`]) {
    assert.equal(parseMendixVersion(text), undefined, text);
  }
});

test('versions are compared by their numbers', () => {
  const version = (text: string) => parseMendixVersion(text) ?? assert.fail(text);
  assert.ok(isAtLeast(version('10.12.3.41523'), '9.22'));
  assert.ok(isAtLeast(version('9.22.0'), '9.22'));
  assert.ok(isAtLeast(version('9.22.0-rc1'), '9.22'));
  assert.ok(!isAtLeast(version('9.21.9.99999'), '9.22'));
  assert.ok(!isAtLeast(version('9.9.0'), '9.22'));
});
