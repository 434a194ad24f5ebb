import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { access, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { sql } from 'kysely';
import { CommandFailure } from '../../src/cli/exit-codes.ts';
import { openPostgresDatabase } from '../../src/database/postgres/postgres-database.ts';
import type { Configuration } from '../../src/main/configuration.ts';
import { startServerOrExplain } from '../../src/main/start-or-explain.ts';
import { query } from '../support/create-database.ts';
import { postgresDatabase } from '../support/postgres.ts';
import { runSlipway } from '../support/run-slipway.ts';
import { call, testConfiguration } from '../support/server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const secretKey = randomBytes(32);
const ADMIN_KEY = 'a-key-that-the-operator-has-chosen';

async function start(t: TestContext, configuration: Partial<Configuration>) {
  const folder = await temporaryFolder(t);
  const server = await startServerOrExplain(testConfiguration(folder, { secretKey, ...configuration }));
  t.after(() => server.stop());
  return { ...server, folder };
}

function refusal(t: TestContext, configuration: Partial<Configuration>): Promise<string> {
  return start(t, configuration).then(
    () => 'It started.',
    (error) => (error instanceof CommandFailure ? error.message : String(error)),
  );
}

const withUrl = (url: string, change: (url: URL) => void): string => {
  const changed = new URL(url);
  change(changed);
  return changed.href;
};

test('a database that cannot be used is named, with what to do, and without its password', async (t) => {
  const databaseUrl = await postgresDatabase();
  const missing = withUrl(databaseUrl, (url) => {
    url.pathname = '/nothing';
  });
  assert.match(
    await refusal(t, { databaseUrl: missing }),
    /^There is no database 'nothing' at .*: make it with 'createdb'/,
  );
  const stranger = withUrl(databaseUrl, (url) => {
    url.username = 'stranger';
    url.password = 'hush';
  });
  const refused = await refusal(t, { databaseUrl: stranger });
  assert.match(refused, /does not know this user and password: correct --database/);
  assert.doesNotMatch(refused, /hush/);
  assert.match(await refusal(t, { databaseUrl, secretKey: undefined }), /^A database that is shared needs a key/);
});

test('a PostgreSQL that is too old is refused, by its number and with the one that is needed', async (t) => {
  const databaseUrl = await postgresDatabase();
  // The database says that it is one of those.
  await query(databaseUrl, 'create schema past');
  const answer = `returns text language sql as $$ select '120022' $$`;
  await query(databaseUrl, `create function past.current_setting(text) ${answer}`);
  await query(
    databaseUrl,
    `alter database ${new URL(databaseUrl).pathname.slice(1)} set search_path = past, pg_catalog`,
  );
  assert.match(await refusal(t, { databaseUrl }), /PostgreSQL 12 is too old: Slipway needs 13 or later\.$/);
});

test('a server that is older than the database does not start, and one that runs goes on', async (t) => {
  const databaseUrl = await postgresDatabase();
  const running = await start(t, { databaseUrl, adminKey: ADMIN_KEY });
  const database = await openPostgresDatabase({ url: databaseUrl, applicationName: 'test' });
  t.after(() => database.close());
  await database.transaction((queries) =>
    sql`insert into kysely_migration (name, timestamp) values ('9999-of-a-later-release', '2099')`.execute(queries),
  );
  assert.match(
    await refusal(t, { databaseUrl }),
    /was changed by a newer version of Slipway: run that version here, too/,
  );
  const admin = { username: 'admin', apiKey: ADMIN_KEY };
  assert.equal((await call(running.url, 'GET', '/api/1/apps', undefined, admin)).status, 200);
});

test('of servers that start at once on an empty database, one makes the admin, and says with which key', async (t) => {
  const databaseUrl = await postgresDatabase();
  const servers = await Promise.all([1, 2, 3].map(() => start(t, { databaseUrl })));
  const keys = servers.flatMap(({ adminKey }) => adminKey ?? []);
  assert.equal(keys.length, 1);
  for (const { url, adminKey, folder } of servers) {
    const admin = { username: 'admin', apiKey: keys[0] ?? '' };
    assert.equal((await call(url, 'GET', '/api/1/apps', undefined, admin)).status, 200);
    const file = join(folder, 'admin.key');
    assert.equal(
      await access(file).then(
        () => true,
        () => false,
      ),
      adminKey !== undefined,
    );
  }
});

test('a key that the operator has chosen is that of the admin, and is written nowhere', async (t) => {
  const databaseUrl = await postgresDatabase();
  const { url, adminKey, folder } = await start(t, { databaseUrl, adminKey: ADMIN_KEY });
  assert.equal(adminKey, undefined);
  await assert.rejects(access(join(folder, 'admin.key')));
  const answer = await call(url, 'GET', '/api/1/apps', undefined, { username: 'admin', apiKey: ADMIN_KEY });
  assert.equal(answer.status, 200);
});

test('a server with another key than the others is refused, also where nothing is encrypted yet, until all change theirs', async (t) => {
  const databaseUrl = await postgresDatabase();
  const { stop } = await start(t, { databaseUrl });
  const other = randomBytes(32);
  const refused = await refusal(t, { databaseUrl, secretKey: other });
  assert.match(refused, /have the key \w+, and SLIPWAY_SECRET_KEY is the key \w+: give all of them the same\./);
  await stop();
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'new.key'), other.toString('hex'));
  const environment = { SLIPWAY_DATABASE: databaseUrl, SLIPWAY_SECRET_KEY: secretKey.toString('hex') };
  const rotated = await runSlipway(t, folder, ['secrets', 'rotate', '--new-key-file', 'new.key'], environment);
  assert.equal(rotated.code, 0, rotated.stderr);
  assert.equal(await refusal(t, { databaseUrl, secretKey: other }), 'It started.');
  assert.match(await refusal(t, { databaseUrl }), /give all of them the same/);
});

test('the way back in works beside servers; another key for secrets does not', async (t) => {
  const databaseUrl = await postgresDatabase();
  const { url } = await start(t, { databaseUrl, adminKey: ADMIN_KEY });
  const environment = { SLIPWAY_DATABASE: databaseUrl, SLIPWAY_SECRET_KEY: secretKey.toString('hex') };
  const made = await runSlipway(t, await temporaryFolder(t), ['admin-key'], environment);
  assert.equal(made.code, 0, made.stderr);
  const admin = { username: 'admin', apiKey: made.stdout.trim() };
  assert.equal((await call(url, 'GET', '/api/1/apps', undefined, admin)).status, 200);
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'new.key'), randomBytes(32).toString('hex'));
  const rotated = await runSlipway(t, folder, ['secrets', 'rotate', '--new-key-file', 'new.key'], environment);
  assert.equal(rotated.code, 2);
  assert.match(rotated.stderr, /Servers are running on this database/);
});

test('a backup of a shared database is refused, with what to do instead', async (t) => {
  const environment = { SLIPWAY_DATABASE: 'postgres://slipway:hush@db.example.com/slipway' };
  const backup = await runSlipway(t, await temporaryFolder(t), ['backup', 'b.tar'], environment);
  assert.equal(backup.code, 2);
  assert.match(backup.stderr, /with pg_dump for instance, and after that the S3 store/);
  assert.doesNotMatch(backup.stderr, /hush/);
});

test('a worker without a database, or without room for a build, is refused with what it needs', async (t) => {
  const alone = await runSlipway(t, await temporaryFolder(t), ['worker']);
  assert.equal(alone.code, 2);
  assert.match(alone.stderr, /give it theirs with --database/);
  const databaseUrl = await postgresDatabase();
  const environment = { SLIPWAY_DATABASE: databaseUrl, SLIPWAY_SECRET_KEY: secretKey.toString('hex') };
  const withoutStore = await runSlipway(t, await temporaryFolder(t), ['worker'], environment);
  assert.equal(withoutStore.code, 2);
  assert.match(withoutStore.stderr, /needs a store for packages that is, too/);
  const lonely = await runSlipway(t, await temporaryFolder(t), ['serve', '--build-slots', '0']);
  assert.equal(lonely.code, 2);
  assert.match(lonely.stderr, /nobody would build anything/);
  const idle = await runSlipway(t, await temporaryFolder(t), ['worker', '--build-slots', '0'], environment);
  assert.equal(idle.code, 2);
  assert.match(idle.stderr, /would never build anything/);
});
