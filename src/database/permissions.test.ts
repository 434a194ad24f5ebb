import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { type CompiledQuery, Kysely, type LogEvent, SqliteDialect, sql } from 'kysely';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { parseLogin } from '../domain/identifiers.ts';
import { listVisibleApps } from './apps.ts';
import * as first from './migrations/0001-first.ts';
import * as environments from './migrations/0010-environments.ts';
import * as permissions from './migrations/0013-permissions.ts';
import { findPermissions, listApiRights } from './permissions.ts';
import type { Tables } from './schema.ts';
import { openSqliteConnection } from './sqlite/sqlite-connection.ts';
import { openSqliteDatabase } from './sqlite/sqlite-database.ts';

test('who had API Rights on an app before there were permissions has API Rights and Transport Rights on it', async (t) => {
  const connection = openSqliteConnection(join(await temporaryFolder(t), 'slipway.db'), 'write');
  const queries = new Kysely<Tables>({ dialect: new SqliteDialect({ database: connection }) });
  t.after(() => queries.destroy());
  await first.up(queries);
  await environments.up(queries);
  for (const id of ['ann', 'ben']) {
    await sql`insert into users (id, login, name, is_admin, created_at) values (${id}, ${id}, ${id}, 0, 1)`.execute(
      queries,
    );
  }
  await sql`insert into apps (id, app_id, project_id, name, kind, repository, created_at, served_at)
    values ('app', 'calc', 'project', 'calc', 'git', '/nowhere', 1, 0)`.execute(queries);
  await sql`insert into api_rights (app_id, user_id, created_at) values ('app', 'ann', 1)`.execute(queries);

  await permissions.up(queries);
  assert.deepEqual(await findPermissions(queries, 'app', 'ann'), {
    appWide: new Set(['transport', 'api']),
    own: new Map(),
  });
  assert.deepEqual(await findPermissions(queries, 'app', 'ben'), { appWide: new Set(), own: new Map() });
  assert.deepEqual(
    (await listApiRights(queries, 'app')).map(({ login }) => login),
    ['ann'],
  );
});

test('what a user was given on an app is found without reading what others were given', async (t) => {
  const file = join(await temporaryFolder(t), 'slipway.db');
  const database = await openSqliteDatabase(file);
  t.after(() => database.close());
  const connection = openSqliteConnection(file, 'read');
  const asked: CompiledQuery[] = [];
  const log = ({ query }: LogEvent): void => void asked.push(query);
  const queries = new Kysely<Tables>({ dialect: new SqliteDialect({ database: connection }), log });
  t.after(() => queries.destroy());
  const user = { id: 'ann', login: parseLogin('ann'), name: 'Ann', isAdmin: false };
  await findPermissions(queries, 'app', user.id);
  await listVisibleApps(queries, user);
  for (const { sql: text, parameters } of asked) {
    const steps = connection
      .prepare(`explain query plan ${text}`)
      .all(parameters)
      .map((step) => Object(step).detail);
    const [step] = steps.filter((detail) => /\bpermissions\b/.test(detail));
    assert.match(step ?? '', /INDEX permissions_on_app \(app_id=\? AND user_id=\?\)/, text);
  }
  assert.equal(asked.length, 2);
});
