import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Kysely, SqliteDialect } from 'kysely';
import { Refusal } from '../domain/refusal.ts';
import { insertAuditEntry, listAudit } from './audit.ts';
import type { Queries } from './database.ts';
import { GroupCommit } from './group-commit.ts';
import { migrate } from './migrate.ts';
import type { Tables } from './schema.ts';
import { sqliteCommits } from './sqlite/sqlite-commits.ts';
import { openSqliteConnection } from './sqlite/sqlite-connection.ts';

/** A database that has room for a few more pages, as on a disk that is nearly full. */
async function openSmall(context: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-commit-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  const connection = openSqliteConnection(join(folder, 'small.db'), 'write');
  const queries = new Kysely<Tables>({ dialect: new SqliteDialect({ database: connection }) });
  context.after(() => queries.destroy());
  await migrate(queries);
  connection.exec('pragma max_page_count = 60');
  return { queries, commits: new GroupCommit({ ...sqliteCommits(connection), queries }) };
}

const note = (queries: Queries, detail: string) =>
  insertAuditEntry(queries, { at: 1, login: 'me', action: 'note', subject: '', detail });
const large = (queries: Queries) => note(queries, 'x'.repeat(1_000_000));
const isFull = (error: unknown) => error instanceof Refusal && error.code === 'STORAGE_FULL';

test('a full disk is what a transaction by itself is told', async (t) => {
  const { queries, commits } = await openSmall(t);
  await assert.rejects(commits.transaction(large, 'full'), isFull);
  await commits.transaction((inner) => note(inner, 'later'), 'full');
  assert.equal((await listAudit(queries, { limit: 9 })).length, 1);
});
