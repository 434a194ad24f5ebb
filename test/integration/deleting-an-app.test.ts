import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Database, Queries } from '../../src/database/database.ts';
import { openSqliteDatabase, openSqliteReader } from '../../src/database/sqlite/sqlite-database.ts';
import { openBuildApiWorld } from '../support/build-api-world.ts';
import { addApp, addFailedPackages, addPackage, countPackages } from '../support/database.ts';
import { startSilentServer } from '../support/git-servers.ts';
import { call } from '../support/server.ts';
import { startServerProcess } from '../support/server-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const COUNT = 12_000;

test('an app with very many packages is gone at once, and is removed also by the start after a kill', async (t) => {
  const folder = await temporaryFolder(t);
  const blob = await fillFolder(folder);
  const reader = openSqliteReader(join(folder, 'slipway.db'));
  t.after(() => reader.destroy());
  const first = await startServerProcess(folder);
  t.after(() => first.end('SIGKILL'));
  const ask = (method: string, path: string, body?: unknown) => call(first.url, method, path, body, first.admin);

  assert.equal((await ask('DELETE', '/manage/1/apps/calc')).status, 200);
  assert.equal((await ask('GET', '/manage/1/apps/calc')).body.errorCode, 'APP_NOT_FOUND');
  const request = { Revision: '1', Version: '1.0.0' };
  assert.equal((await ask('POST', '/api/1/apps/calc/packages', request)).body.errorCode, 'APP_NOT_FOUND');
  assert.equal((await ask('POST', '/manage/1/apps', { AppId: 'calc', Repository: '/nowhere' })).status, 200);
  const left = await countPackages(reader);
  assert.ok(left > 0, 'the calls were answered between two pages');
  await until('a page is gone', async () => (await countPackages(reader)) < COUNT);
  await first.end('SIGKILL');
  assert.ok((await countPackages(reader)) > 0, 'it was killed between two pages');

  const second = await startServerProcess(folder);
  t.after(() => second.end('SIGKILL'));
  await until('every package is gone', async () => (await countPackages(reader)) === 0);
  await until('its app is gone', async () => (await countApps(reader)) === 1);
  assert.deepEqual(await readdir(blob), []);
  const apps = await call(second.url, 'GET', '/manage/1/apps', undefined, second.admin);
  assert.deepEqual(
    apps.body.map(({ AppId }: { readonly AppId: string }) => AppId),
    ['calc'],
  );
  assert.equal(await second.end('SIGTERM'), 0);
});

/** An app with very many packages, the oldest of them with a file. @returns the folder of that file */
async function fillFolder(folder: string): Promise<string> {
  const database: Database = await openSqliteDatabase(join(folder, 'slipway.db'));
  const app = await addApp(database, 'calc');
  const key = 'ab-blob';
  await addPackage(database, app, { status: 'Succeeded', blob_key: key, sha256: '', size_bytes: 4 });
  await addFailedPackages(database, app, COUNT - 1);
  await database.close();
  const shard = join(folder, 'packages', 'ab');
  await mkdir(shard, { recursive: true });
  await writeFile(join(shard, key), 'blob');
  return shard;
}

async function countApps(queries: Queries): Promise<number> {
  return (await queries.selectFrom('apps').select('id').execute()).length;
}

test('a start of a build whose app is deleted meanwhile is told that there is no such app', async (t) => {
  const { server } = await openBuildApiWorld(t);
  const silent = await startSilentServer();
  t.after(silent.stop);
  await server.call('POST', '/manage/1/apps', { AppId: 'silent', Repository: `${silent.url}app.git` });
  const starting = server.call('POST', '/api/1/apps/silent/packages', { Revision: '1', Version: '1.0.0' });
  await until('the remote is asked', () => silent.count() > 0);
  assert.equal((await server.call('DELETE', '/manage/1/apps/silent')).status, 200);
  const { status, body } = await starting;
  assert.equal(status, 404, JSON.stringify(body));
  assert.equal(body.errorCode, 'APP_NOT_FOUND');
});

test('a download link to a package of a deleted app leads nowhere from then on', async (t) => {
  const world = await openBuildApiWorld(t);
  const { PackageId } = await world.build();
  const { body } = await world.call('GET', `/api/1/apps/calc/packages/${PackageId}?url=true`);
  assert.equal((await fetch(body.Url.Location)).status, 200);
  assert.equal((await world.server.call('DELETE', '/manage/1/apps/calc')).status, 200);
  assert.equal((await fetch(body.Url.Location)).status, 404);
});
