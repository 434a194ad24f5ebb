import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { updateAppRow } from '../../src/database/apps.ts';
import type { Queries } from '../../src/database/database.ts';
import { openSqliteDatabase, openSqliteReader } from '../../src/database/sqlite/sqlite-database.ts';
import { addApp, addFailedPackages, addPackage, countPackages } from '../support/database.ts';
import { call } from '../support/server.ts';
import { startServerProcess } from '../support/server-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const COUNT = 3_000;
/** How many of the oldest have a file. */
const FILES = 300;
const NEWEST = 10;
/** It rests between its pages, longer on a busy machine. */
const PATIENCE_MS = 120_000;

test('after kill -9 in the middle of pruning it goes on: what is kept is whole, and of the rest nothing is left', async (t) => {
  const { folder, reader } = await fillFolder(t);
  for (let life = 0; life < 3; life += 1) {
    const before = await countPackages(reader);
    const server = await startServerProcess(folder);
    t.after(() => server.end('SIGKILL'));
    await until('some are gone', async () => (await countPackages(reader)) < before);
    assert.equal((await call(server.url, 'GET', '/manage/1/apps/calc', undefined, server.admin)).status, 200);
    await server.end('SIGKILL');
    assert.ok((await countPackages(reader)) > NEWEST * 2, 'it was killed before the end');
  }
  const server = await startServerProcess(folder);
  t.after(() => server.end('SIGKILL'));
  const rows = await until(
    'nothing more goes',
    async () => {
      const left = await reader.selectFrom('packages').select(['id', 'status', 'blob_key', 'pinned']).execute();
      return left.length === NEWEST * 2 + 1 && left;
    },
    PATIENCE_MS,
  );
  const kept = rows.flatMap(({ blob_key }) => (blob_key === null ? [] : [blob_key]));
  assert.equal(kept.length, NEWEST + 1);
  await until('files without a row are swept', async () => {
    const files = await readdir(join(folder, 'packages', '00'));
    for (const key of kept) assert.ok(files.includes(key), 'a file of a package that stays is gone');
    return files.length === kept.length;
  });
  const { body } = await call(server.url, 'GET', '/manage/1/audit?limit=1000', undefined, server.admin);
  const prunes = body.filter(({ Action }: { Action: string }) => Action === 'package.prune');
  assert.ok(prunes.length > 0);
  assert.deepEqual(new Set(prunes.map(({ Login }: { Login: string }) => Login)), new Set(['slipway']));
  const audited = await reader.selectFrom('audit').select('detail').where('action', '=', 'package.prune').execute();
  assert.equal(audited.length, COUNT - rows.length, 'one entry for each');
  assert.equal(new Set(audited.map(({ detail }) => detail)).size, audited.length);
  assert.equal(await server.end('SIGTERM'), 0);
});

/** The app `calc`, which keeps its newest packages, one that is pinned, and has very many others. */
async function fillFolder(t: TestContext): Promise<{ readonly folder: string; readonly reader: Queries }> {
  const folder = await temporaryFolder(t);
  const shard = join(folder, 'packages', '00');
  await mkdir(shard, { recursive: true });
  const database = await openSqliteDatabase(join(folder, 'slipway.db'));
  const app = await addApp(database, 'calc');
  const settings = JSON.stringify({ Retention: { KeepNewest: NEWEST } });
  await database.transaction((queries) => updateAppRow(queries, app.id, { settings }));
  for (let at = 0; at < FILES; at += 1) {
    const id = `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`;
    const blob_key = `${id}.1.loyw3v28`;
    await writeFile(join(shard, blob_key), 'blob');
    const fields = { status: 'Succeeded', blob_key, sha256: '', size_bytes: 4, pinned: at === 0 ? 1 : 0 } as const;
    await addPackage(database, app, { ...fields, id: id as Awaited<ReturnType<typeof addPackage>> });
  }
  await addFailedPackages(database, app, COUNT - FILES);
  await database.close();
  const reader = openSqliteReader(join(folder, 'slipway.db'));
  t.after(() => reader.destroy());
  return { folder, reader };
}
