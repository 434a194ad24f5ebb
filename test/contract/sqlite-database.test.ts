import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type CompiledQuery, Kysely, type LogEvent, SqliteDialect } from 'kysely';
import { insertAuditEntry, listAudit } from '../../src/database/audit.ts';
import { findNextBuild, listExpiredBuilds } from '../../src/database/build-claims.ts';
import { listDeployEntries } from '../../src/database/deploy-entries.ts';
import { listPackagesInUse } from '../../src/database/environments.ts';
import { GroupCommit } from '../../src/database/group-commit.ts';
import { listHeldLast } from '../../src/database/held-packages.ts';
import { listNewestOfBranches, listPackagesAfter, listPackagesById } from '../../src/database/kept-packages.ts';
import { migrate } from '../../src/database/migrate.ts';
import {
  countPackagesByStatus,
  findNewestBuilt,
  findNewestVersion,
  hasUnfinishedBuilds,
} from '../../src/database/packages.ts';
import type { Tables } from '../../src/database/schema.ts';
import { lockDataFolder } from '../../src/database/sqlite/data-folder-lock.ts';
import { sqliteCommits } from '../../src/database/sqlite/sqlite-commits.ts';
import { openSqliteConnection } from '../../src/database/sqlite/sqlite-connection.ts';
import { openSqliteDatabase } from '../../src/database/sqlite/sqlite-database.ts';
import { parsePackageId } from '../../src/domain/identifiers.ts';
import { testDatabase } from '../support/database.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { testDatabaseContract } from './database.ts';

testDatabaseContract('SQLite', testDatabase);

test('SQLite: a database opens again with what was written', async (t) => {
  const file = join(await temporaryFolder(t), 'slipway.db');
  const first = await openSqliteDatabase(file);
  const written = { at: 1, login: 'me', action: 'note', subject: 'kept', detail: '' };
  await first.transaction(async (queries) => {
    await queries.insertInto('audit').values(written).execute();
  });
  await first.close();
  const second = await openSqliteDatabase(file);
  t.after(() => second.close());
  assert.deepEqual({ ...(await listAudit(second.read, { limit: 9 }))[0] }, { id: 1, ...written });
});

test('SQLite: the connection for reads cannot write', async (t) => {
  const database = await testDatabase(t);
  await assert.rejects(database.read.deleteFrom('audit').execute(), /readonly/);
});

test('SQLite: a full disk is the reason that every transaction of the same commit gets, and nothing is written', async (t) => {
  const connection = openSqliteConnection(join(await temporaryFolder(t), 'slipway.db'), 'write');
  const queries = new Kysely<Tables>({ dialect: new SqliteDialect({ database: connection }) });
  t.after(() => queries.destroy());
  await migrate(queries);
  connection.exec('pragma max_page_count = 80');
  const commits = new GroupCommit({ ...sqliteCommits(connection), queries });
  const note = (detail: string) =>
    commits.transaction(() => insertAuditEntry(queries, { at: 1, login: '', action: '', subject: '', detail }), 'full');
  const results = await Promise.allSettled([note('fits'), note('x'.repeat(1e6)), note('fits')]);
  for (const result of results) assert.ok(result.status === 'rejected' && /is full/.test(String(result.reason)));
  assert.deepEqual(await listAudit(queries, { limit: 9 }), []);
  await note('fits again');
});

/** An empty database, which remembers what it is asked and tells how it finds that. */
async function openExplained(t: TestContext) {
  const file = join(await temporaryFolder(t), 'slipway.db');
  const database = await openSqliteDatabase(file);
  t.after(() => database.close());
  const connection = openSqliteConnection(file, 'read');
  const asked: CompiledQuery[] = [];
  const log = (event: LogEvent): void => void asked.push(event.query);
  const queries = new Kysely<Tables>({ dialect: new SqliteDialect({ database: connection }), log });
  t.after(() => queries.destroy());
  const explain = ({ sql, parameters }: CompiledQuery): string[] => {
    const plan = connection.prepare(`explain query plan ${sql}`).all(parameters);
    return plan.map((step) => Object(step).detail);
  };
  return { queries, asked, explain };
}

test('SQLite: looking for unfinished builds, or the newest packages of a branch, reads no other package', async (t) => {
  const { queries, asked, explain } = await openExplained(t);
  await findNextBuild(queries, { buildsPerApp: 1, preferenceMs: 2000 }, { worker: 'worker', now: 1 });
  await listExpiredBuilds(queries, 1);
  await countPackagesByStatus(queries);
  await hasUnfinishedBuilds(queries, 'app');
  await findNewestBuilt(queries, 'app', 'main');
  await findNewestVersion(queries, { appKey: 'app', branch: 'main', beginning: '2.5.' });
  for (const query of asked) {
    const { sql } = query;
    const steps = explain(query).filter((step) => /\bpackages\b/.test(step));
    assert.ok(steps.length > 0, sql);
    const wanted = sql.includes(' like ') ? /INDEX packages_of_branch/ : /INDEX packages_(queued|under_way|succeeded)/;
    for (const step of steps) assert.match(step, wanted, sql);
  }
  assert.equal(asked.length, 7);
});

test('SQLite: what keeps a page of packages is found without reading all of them, or every job there was', async (t) => {
  const { queries, asked, explain } = await openExplained(t);
  const ids = [randomUUID(), randomUUID()].map((text) => parsePackageId(text) ?? assert.fail());
  await listPackagesAfter(queries, 'app', { after: 7, limit: 50 });
  await listPackagesById(queries, ids);
  await listNewestOfBranches(queries, { appKey: 'app', from: 7, to: 56 }, 10);
  await listPackagesInUse(queries, 'app');
  await listHeldLast(queries, 'app');
  await listDeployEntries(queries, 'app');
  const steps = asked.flatMap(explain).filter((step) => / (?:INDEX|TABLE)|^SCAN/.test(step));
  assert.deepEqual(
    steps.filter((step) => !/^(?:SEARCH environments|USE TEMP)/.test(step)),
    [
      'SEARCH packages USING INDEX packages_of_app (app_id=? AND sequence>?)',
      'SEARCH packages USING INDEX sqlite_autoindex_packages_1 (id=?)',
      'SEARCH packages USING INDEX packages_of_app (app_id=? AND sequence>? AND sequence<?)',
      'SCAN branches',
      'SEARCH packages USING COVERING INDEX packages_succeeded (app_id=? AND branch=?)',
      'SEARCH packages USING COVERING INDEX packages_failed (app_id=? AND branch=?)',
      'SEARCH deployment_jobs USING COVERING INDEX deployment_jobs_at_work (environment_id=?)',
      'SEARCH held_packages USING INDEX sqlite_autoindex_held_packages_1 (environment_id=?)',
      'SEARCH outbox USING INDEX outbox_deploys (app_id=?)',
      'SEARCH packages USING INDEX sqlite_autoindex_packages_1 (id=?)',
    ],
  );
});

test('a data folder is locked for one, and free again afterwards', async (t) => {
  const file = join(await temporaryFolder(t), 'lock');
  const unlock = lockDataFolder(file);
  assert.throws(() => lockDataFolder(file), /Another Slipway is running/);
  unlock();
  lockDataFolder(file)();
});
