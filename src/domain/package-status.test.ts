import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasEnded, PACKAGE_STATUSES } from '../protocol/package.ts';
import { mayBecome, NEXT } from './package-status.ts';

test('a build has ended where its status leads nowhere: Succeeded and Failed', () => {
  assert.deepEqual(PACKAGE_STATUSES.filter(hasEnded), ['Succeeded', 'Failed']);
  for (const status of PACKAGE_STATUSES) assert.equal(NEXT[status].length === 0, hasEnded(status), status);
});

test('every build can fail until it has ended, and succeeds only with its file stored', () => {
  const open = PACKAGE_STATUSES.filter((status) => !hasEnded(status));
  for (const status of open) assert.ok(mayBecome(status, 'Failed'), status);
  assert.deepEqual(
    PACKAGE_STATUSES.filter((status) => mayBecome(status, 'Succeeded')),
    ['Uploading'],
  );
});
