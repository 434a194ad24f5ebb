import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Kysely, SqliteDialect, sql } from 'kysely';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { type PackageId, parsePackageId } from '../domain/identifiers.ts';
import { HELD_LAST } from '../domain/retention.ts';
import { listHeldLast, recordHeld } from './held-packages.ts';
import * as first from './migrations/0001-first.ts';
import * as environments from './migrations/0010-environments.ts';
import * as retention from './migrations/0019-retention.ts';
import type { Tables } from './schema.ts';
import { openSqliteConnection } from './sqlite/sqlite-connection.ts';

const idOf = (number: number): PackageId =>
  parsePackageId(`00000000-0000-4000-8000-${String(number).padStart(12, '0')}`) ?? assert.fail();

/** A database of before, whose environment `Test` holds the package 9 and runs 8. */
async function openOldDatabase(t: TestContext): Promise<Kysely<Tables>> {
  const connection = openSqliteConnection(join(await temporaryFolder(t), 'slipway.db'), 'write');
  const queries = new Kysely<Tables>({ dialect: new SqliteDialect({ database: connection }) });
  t.after(() => queries.destroy());
  await first.up(queries);
  await environments.up(queries);
  await sql`insert into apps (id, app_id, project_id, name, kind, repository, created_at, served_at)
    values ('app', 'calc', 'project', 'calc', 'git', '/nowhere', 1, 0)`.execute(queries);
  await sql`insert into environments (id, app_id, mode, mode_key, target, is_production, url, status, package_id,
    running_package_id, created_at) values ('test', 'app', 'Test', 'TEST', 'record', 0, '', 'Running', ${idOf(9)},
    ${idOf(8)}, 1)`.execute(queries);
  for (let number = 1; number <= 9; number += 1) {
    await sql`insert into packages (id, app_id, name, description, version, creator_login, creator_name, created_at,
      status, branch, is_main_line, revision, attempt, interruptions, size_bytes, blob_key) values (${idOf(number)},
      'app', '', '', '', '', '', 1, 'Succeeded', 'main', 1, '', 1, 0, 1, 'key')`.execute(queries);
  }
  return queries;
}

async function addTransport(queries: Kysely<Tables>, number: number, finishedAt: number, state = 'Done') {
  const code = state === 'Failed' ? 'TRANSPORT_FAILED' : null;
  await sql`insert into deployment_jobs (id, environment_id, kind, package_id, auto_sync_db, state, error_code, created_at,
    finished_at) values (${`${number} ${finishedAt}`}, 'test', 'transport', ${idOf(number)}, 0, ${state}, ${code}, 1,
    ${finishedAt})`.execute(queries);
}

test('what environments held before this was remembered is known from their transports', async (t) => {
  const queries = await openOldDatabase(t);
  for (const [number, at] of [
    [1, 10],
    [2, 20],
    [3, 30],
    [1, 40],
    [9, 90],
    [10, 95],
  ] as const) {
    await addTransport(queries, number, at);
  }
  await addTransport(queries, 4, 80, 'Failed');
  await retention.up(queries);
  assert.deepEqual(await listHeldLast(queries, 'app'), [idOf(1), idOf(3), idOf(2)]);
  const { pinned } = await queries.selectFrom('packages').select('pinned').limit(1).executeTakeFirstOrThrow();
  assert.equal(pinned, 0);
});

test('no more is remembered than is asked for, in the order of the transports and not of the clock', async (t) => {
  const queries = await openOldDatabase(t);
  await retention.up(queries);
  for (const number of [1, 2, 3, 4, 5, 6, 2, 8, 9]) {
    await recordHeld(queries, { environmentId: 'test', packageId: idOf(number), at: 100 - number });
  }
  assert.deepEqual(await listHeldLast(queries, 'app'), [2, 6, 5, 4, 3].map(idOf));
  assert.equal((await queries.selectFrom('held_packages').selectAll().execute()).length, HELD_LAST + 2);
  assert.deepEqual(await listHeldLast(queries, 'other'), []);
});
