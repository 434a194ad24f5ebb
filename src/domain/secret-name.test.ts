import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refusal } from './refusal.ts';
import { parseSecretName } from './secret-name.ts';

test('the name of a secret is that of an environment variable', () => {
  for (const name of ['NPM_TOKEN', '_x', 'a1', 'PATHS', 'A'.repeat(100)]) assert.equal(parseSecretName(name), name);
  for (const name of ['', '1A', 'A-B', 'A B', 'A=B', 'Ä', 'A\n', 'A'.repeat(101)]) refused(name);
});

test('names that change how programs run are refused', () => {
  for (const name of ['PATH', 'path', 'HOME', 'LD_PRELOAD', 'NODE_OPTIONS', 'GIT_SSH', 'SLIPWAY_SECRET_KEY'])
    refused(name);
});

function refused(name: string) {
  assert.throws(
    () => parseSecretName(name),
    (error) => error instanceof Refusal && error.code === 'INVALID_PARAMETERS',
    name,
  );
}
