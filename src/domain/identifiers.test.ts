import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isApiKey, parseAppId, parseLogin, parsePackageId, parseProjectId } from './identifiers.ts';
import { Refusal } from './refusal.ts';

const UUID = 'b3d14e53-2654-4534-b374-9179a69ef3cf';

test('an AppId is a DNS label in any case', () => {
  assert.equal(parseAppId('Calc'), 'calc');
  assert.equal(parseAppId('my-app-2'), 'my-app-2');
  for (const text of ['', '-a', 'a-', 'a_b', 'a b', 'a.b', 'ä', '../x', 'a'.repeat(64), UUID]) {
    assert.equal(parseAppId(text), undefined, text);
  }
});

test('ids of projects and packages are uuids in any case; the literal null is none', () => {
  assert.equal(parseProjectId(UUID.toUpperCase()), UUID);
  assert.equal(parsePackageId(UUID.toUpperCase()), UUID);
  for (const text of ['null', '', `${UUID}0`, UUID.replaceAll('-', '')]) assert.equal(parsePackageId(text), undefined);
});

test('an API key is a uuid in lower case', () => {
  assert.ok(isApiKey(UUID));
  assert.ok(!isApiKey(UUID.toUpperCase()));
});

test('a login is kept in lower case and has no blanks', () => {
  assert.equal(parseLogin(' Richard.Ford51@Example.com '), 'richard.ford51@example.com');
  for (const text of ['', 'a b', 'a\u0000', 'a/b', 'x'.repeat(255)]) assert.throws(() => parseLogin(text), Refusal);
});
