import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blobKey, packageOfBlobKey } from './blob-key.ts';
import type { PackageId } from './identifiers.ts';

const packageId = 'b3d14e53-2654-4534-b374-9179a69ef3cf' as PackageId;

test('two attempts never share a key, and a key tells its package', () => {
  const first = blobKey({ packageId, attempt: 1, startedAt: 1000 });
  assert.notEqual(first, blobKey({ packageId, attempt: 2, startedAt: 1000 }));
  assert.notEqual(first, blobKey({ packageId, attempt: 1, startedAt: 1001 }));
  assert.equal(packageOfBlobKey(first), packageId);
  assert.equal(packageOfBlobKey('lost+found'), undefined);
});
