import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openDiskBlobStore } from '../../src/blob/disk-blob-store.ts';
import { openFileBuildLog } from '../../src/build-log/file-build-log.ts';
import { claimBlobStore, ForeignBlobStore } from '../../src/operations/claim-blob-store.ts';
import { sweepOrphans } from '../../src/operations/sweep-orphans.ts';
import { testDatabase } from '../support/database.ts';
import { runSlipway } from '../support/run-slipway.ts';
import { openTestS3 } from '../support/s3/s3-server.ts';
import { startServerProcess } from '../support/server-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

test('a blob store is of the database that had it first, and stays so when leftovers are swept', async (t) => {
  const blobs = await openDiskBlobStore(await temporaryFolder(t));
  const database = await testDatabase(t);
  await Promise.all([1, 2, 3].map(() => claimBlobStore({ database, blobs })));
  const clock = () => 1e12;
  const folder = await temporaryFolder(t);
  const buildLog = await openFileBuildLog({ folder, clock, mostBytes: 1000, onError: assert.ifError });
  await sweepOrphans({ database, blobs, buildLog, clock }, new AbortController().signal);
  await claimBlobStore({ database, blobs });
  await assert.rejects(claimBlobStore({ database: await testDatabase(t), blobs }), ForeignBlobStore);
});

test('a server does not start on the bucket of another one, and says what to do', async (t) => {
  const { variables } = await openTestS3(t);
  const first = await startServerProcess(await temporaryFolder(t), variables);
  t.after(() => first.end('SIGKILL'));
  const second = await runSlipway(t, await temporaryFolder(t), ['serve', '--port', '0'], variables);
  assert.equal(second.code, 2);
  assert.match(
    second.stderr,
    /would delete each other's packages: give this one another bucket or prefix with --blobs/,
  );
});
