import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { insertAuditEntry } from '../../src/database/audit.ts';
import { openSpaceReserve } from '../../src/database/sqlite/space-reserve.ts';
import { openSqliteDatabase } from '../../src/database/sqlite/sqlite-database.ts';
import { openBuildApiWorld } from '../support/build-api-world.ts';
import { openCommandLine } from '../support/command-line.ts';
import { makeTestRepository } from '../support/git.ts';
import { startTestServer } from '../support/server.ts';
import { mountSmallDisk } from '../support/small-disk.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const isThere = (file: string) =>
  access(file).then(
    () => true,
    () => false,
  );

test('a database on a full disk still takes what makes room', async (t) => {
  const disk = await mountSmallDisk(t, 32);
  if (disk === undefined) return;
  const reserve = openSpaceReserve(join(disk.folder, 'reserve'));
  const database = await openSqliteDatabase(join(disk.folder, 'slipway.db'), reserve);
  const note = (detail: string) => ({ at: 1, login: '', action: '', subject: '', detail });
  await until('the reserve is there', () => isThere(join(disk.folder, 'reserve')));
  assert.equal(await database.hasRoom(), true);
  await disk.fill();
  assert.equal(await database.hasRoom(), false);
  // Uses up what room there is in files that are there already.
  const isFull = { code: 'STORAGE_FULL' };
  await assert.rejects(async () => {
    for (let i = 0; i < 1000; i++) await database.transaction((queries) => insertAuditEntry(queries, note('small')));
  }, isFull);
  const large = note('x'.repeat(100_000));
  await assert.rejects(
    database.transaction((queries) => insertAuditEntry(queries, large)),
    isFull,
  );
  await database.transactionInReserve((queries) => insertAuditEntry(queries, large));
  assert.equal(await isThere(join(disk.folder, 'reserve')), false);
  await database.close();
  await reserve.close();
});

test('a server on a full disk says so, serves on, and lets room be made', async (t) => {
  const disk = await mountSmallDisk(t, 64);
  if (disk === undefined) return;
  const world = await openBuildApiWorld(t, { dataFolder: disk.folder, cacheSizeBytes: 0 });
  const { server, call } = world;
  const [large = ''] = await world.repository.commit([
    { branch: 'main', files: { 'large.bin': randomBytes(6 * 1024 * 1024) } },
  ]);
  const other = await makeTestRepository(join(await temporaryFolder(t), 'other.git'));
  await other.commit([{ branch: 'master' }]);
  await server.call('POST', '/manage/1/apps', { AppId: 'other', Repository: other.path });
  const startOther = (Revision: string) =>
    server.call('POST', '/api/1/apps/other/packages', { Revision, Version: '1.0.0' });
  assert.equal((await startOther('1')).status, 200);
  const kept = await world.build();
  const doomed = await world.build({ Revision: large });
  const packages = '/api/1/apps/calc/packages';
  const pathOf = ({ PackageId }: { readonly PackageId: string }) => `${packages}/${PackageId}`;

  await until('the reserve is there', () => isThere(join(disk.folder, 'reserve')));
  await disk.fill(2 * 1024 * 1024);
  const failed = await world.build({ Revision: large, Version: '2.5.5' });
  assert.equal(failed.Status, 'Failed');
  assert.match(failed.StatusReason, /[Tt]he disk of .* is full/);

  await disk.fill();
  const refused = await untilRefused(() => call('POST', packages, { Revision: large, Version: '3.0.0' }), 500);
  assert.equal(refused.status, 500);
  assert.equal(refused.body.errorCode, 'BUILD_FAILED');
  assert.match(refused.body.errorMessage, /disk of .* is full/);
  await other.commit([{ branch: 'master', files: { a: randomBytes(100_000) } }]);
  const uncopied = await startOther('2');
  assert.equal(uncopied.status, 500);
  assert.match(
    uncopied.body.errorMessage,
    /could not be copied, for the disk of this machine is full: make room|Make room/,
  );
  const rights = `/manage/1/apps/calc/api-rights/${world.richard.username}`;
  const storageFull = await untilRefused(() => server.call('PUT', rights), 507);
  assert.equal(storageFull.body.errorCode, 'STORAGE_FULL');

  const ready = await fetch(`${server.url}/readyz`);
  assert.equal(ready.status, 200);
  assert.deepEqual(await ready.json(), { Status: 'ready', Storage: 'full' });
  assert.ok((await call('GET', packages)).body.length >= 3);
  assert.equal((await call('GET', pathOf(kept))).body.Status, 'Succeeded');
  const headers = { 'Mendix-Username': world.richard.username, 'Mendix-ApiKey': world.richard.apiKey };
  const download = await fetch(`${server.url}${pathOf(kept)}/download`, { headers });
  assert.equal((await download.arrayBuffer()).byteLength, kept.Size);

  assert.deepEqual(await call('DELETE', pathOf(kept)).then(({ status }) => status), 200);
  assert.deepEqual(await call('DELETE', pathOf(doomed)).then(({ status }) => status), 200);
  const again = await world.build({ Version: '4.0.0' });
  assert.equal(again.Status, 'Succeeded');
  await disk.clear();
  await until('the reserve is there again', async () => {
    const answer = await fetch(`${server.url}/readyz`);
    return (await answer.text()) === '{"Status":"ready"}';
  });

  // Stopping makes a little room, which a new start must not need.
  await server.stop();
  await disk.fill();
  const second = await startTestServer(t, { dataFolder: disk.folder });
  const line = openCommandLine(await temporaryFolder(t));
  const { username, apiKey } = server.admin;
  const outcome = await line.run(['app', 'delete', 'calc'], {
    variables: { SLIPWAY_URL: second.url, SLIPWAY_USERNAME: username, SLIPWAY_API_KEY: apiKey },
  });
  assert.equal(outcome.code, 0, outcome.stderr);
  await second.stop();
});

/** Repeats a call that is answered until there is no room left for it. */
async function untilRefused<T extends { readonly status: number }>(ask: () => Promise<T>, status: number): Promise<T> {
  for (let i = 0; i < 2000; i++) {
    const answer = await ask();
    if (answer.status !== 200) {
      assert.equal(answer.status, status, JSON.stringify(answer));
      return answer;
    }
  }
  throw new Error('The disk never got full.');
}
