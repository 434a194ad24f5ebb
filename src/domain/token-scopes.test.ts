import assert from 'node:assert/strict';
import { test } from 'node:test';
import { covers, formatScopes, readScopes } from './token-scopes.ts';

test('a scope covers itself, and the right to write that to read', () => {
  assert.equal(covers(['mx:deployment:read'], 'mx:deployment:read'), true);
  assert.equal(covers(['mx:deployment:write'], 'mx:deployment:read'), true);
  assert.equal(covers(['mx:deployment:read'], 'mx:deployment:write'), false);
  assert.equal(covers(['mx:webhook:write', 'mx:deployment:write'], 'mx:modelrepository:repo:read'), false);
  assert.equal(covers([], 'mx:deployment:read'), false);
});

test('scopes are read as they were written, and those of a newer server are none', () => {
  assert.equal(
    formatScopes(['mx:webhook:read', 'mx:deployment:read', 'mx:webhook:read']),
    'mx:deployment:read mx:webhook:read',
  );
  assert.deepEqual(readScopes('mx:deployment:read mx:webhook:read'), ['mx:deployment:read', 'mx:webhook:read']);
  assert.deepEqual(readScopes('mx:later'), []);
  assert.equal(readScopes(null), undefined);
});
