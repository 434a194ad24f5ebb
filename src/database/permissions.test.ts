import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { Kysely, SqliteDialect, sql } from 'kysely';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import * as first from './migrations/0001-first.ts';
import * as environments from './migrations/0010-environments.ts';
import * as permissions from './migrations/0013-permissions.ts';
import { findPermissions, listApiRights } from './permissions.ts';
import type { Tables } from './schema.ts';
import { openSqliteConnection } from './sqlite-connection.ts';

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
