import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blobKey, packageOfBlobKey } from './blob-key.ts';
import type { PackageId } from './identifiers.ts';
import { logKey, parseLogKey } from './log-key.ts';

const packageId = 'b3d14e53-2654-4534-b374-9179a69ef3cf' as PackageId;

test('two attempts never share a key, and a key tells its package', () => {
  const first = blobKey({ packageId, attempt: 1, startedAt: 1000 });
  assert.notEqual(first, blobKey({ packageId, attempt: 2, startedAt: 1000 }));
  assert.notEqual(first, blobKey({ packageId, attempt: 1, startedAt: 1001 }));
  assert.equal(packageOfBlobKey(first), packageId);
  assert.equal(packageOfBlobKey('lost+found'), undefined);
});

test('the key of a log tells its package and how much it holds, and is not that of a file', () => {
  const key = logKey({ packageId, sizeBytes: 64 * 1024 * 1024 }, '0a1b2c3d');
  assert.match(key, /^[a-z0-9][a-z0-9.-]{1,99}$/);
  assert.deepEqual(parseLogKey(key), { packageId, sizeBytes: 64 * 1024 * 1024 });
  assert.equal(packageOfBlobKey(key), undefined);
  assert.equal(parseLogKey(blobKey({ packageId, attempt: 1, startedAt: 1000 })), undefined);
  assert.equal(parseLogKey(`${packageId}.log`), undefined);
});
