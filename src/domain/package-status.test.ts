import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PACKAGE_STATUSES } from '../protocol/package.ts';
import { isFinal, mayBecome } from './package-status.ts';

test('Succeeded and Failed are final, and nothing else is', () => {
  assert.deepEqual(PACKAGE_STATUSES.filter(isFinal), ['Succeeded', 'Failed']);
});

test('every build can fail until it has ended, and succeeds only with its file stored', () => {
  const open = PACKAGE_STATUSES.filter((status) => !isFinal(status));
  for (const status of open) assert.ok(mayBecome(status, 'Failed'), status);
  assert.deepEqual(
    PACKAGE_STATUSES.filter((status) => mayBecome(status, 'Succeeded')),
    ['Uploading'],
  );
});
