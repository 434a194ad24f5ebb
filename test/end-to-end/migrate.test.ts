import assert from 'node:assert/strict';
import { cp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import pg from 'pg';
import { openS3BlobStore } from '../../src/blob/s3-blob-store.ts';
import { type Answers, type GrownServer, growServer } from '../support/grown-data-folder.ts';
import { postgresDatabase } from '../support/postgres.ts';
import { type RunningSlipway, runSlipway, startSlipway } from '../support/run-slipway.ts';
import { openTestS3 } from '../support/s3/s3-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

/** A server that has run for a while, and is stopped. */
let grown: GrownServer;
/** What it answered. */
let answers: Answers;

const opened = new AsyncDisposableStack();
after(() => opened.disposeAsync());

before(async () => {
  grown = await growServer({ after: (work) => opened.defer(async () => void (await work())) });
  answers = await grown.ask(grown.server.url);
  await grown.server.stop();
});

/** A copy of its data folder, and where that is to move. */
async function openMove(t: TestContext) {
  const folder = await temporaryFolder(t);
  const data = join(folder, 'data');
  await cp(grown.server.dataFolder, data, { recursive: true });
  const s3 = await openTestS3(t);
  const database = await postgresDatabase();
  const { SLIPWAY_BLOBS = '', ...access } = s3.variables;
  const args = ['migrate', '--from', data, '--to', database, '--blobs', SLIPWAY_BLOBS];
  const secretKey = (await readFile(join(data, 'secret.key'), 'utf8')).trim();
  const client = new pg.Client({ connectionString: database });
  await client.connect();
  t.after(() => client.end());
  return {
    data,
    query: async (text: string) => (await client.query(text)).rows,
    async hasRows(table: string) {
      const [found] = (await client.query('select to_regclass($1) as name', [table])).rows;
      return found.name !== null && (await client.query(`select 1 from ${table} limit 1`)).rows.length > 0;
    },
    blobs: await openS3BlobStore({ ...s3, pathStyle: true, clock: Date.now }),
    migrate: (...more: string[]) => runSlipway(t, folder, [...args, ...more], access),
    startMigrate: () => startSlipway(t, folder, args, access),
    serveOld: () => startSlipway(t, folder, ['serve', '--port', '0', '--data', data]),
    serveNew(): RunningSlipway {
      const variables = { ...s3.variables, SLIPWAY_DATABASE: database, SLIPWAY_SECRET_KEY: secretKey };
      return startSlipway(t, folder, ['serve', '--port', '0', '--data', join(folder, 'new')], variables);
    },
  };
}

async function urlOf(server: RunningSlipway): Promise<string> {
  await server.untilPrinted('http://127.0.0.1:');
  return /http:\/\/127\.0\.0\.1:\d+/.exec(server.printed())?.[0] ?? '';
}

async function stop(server: RunningSlipway): Promise<void> {
  server.process.kill('SIGTERM');
  assert.equal((await server.ended).code, 0);
}

test('a grown data folder moves to PostgreSQL and S3, where a server answers as the old one did', async (t) => {
  const move = await openMove(t);
  const { code, stdout, stderr } = await move.migrate('--verify', 'full');
  assert.equal(code, 0, stdout + stderr);
  assert.match(stdout, /^webhook_messages +\d\d +\d\d +the same/m);
  assert.match(stdout, /^Packages +4 .*compared by SHA-256$/m);
  assert.ok(!stdout.includes(await readFile(join(move.data, 'secret.key'), 'utf8')));

  const server = move.serveNew();
  assert.deepEqual(await grown.ask(await urlOf(server)), answers);
  await stop(server);

  const refused = await move.serveOld().ended;
  assert.match(refused.stderr, /was moved to .* at .* and s3:\/\/slipway-tests\/.*: start servers there/);
  const again = await move.migrate('--json');
  assert.equal(again.code, 0, again.stderr);
  const { State, IsFinished, CopiedNow } = JSON.parse(again.stdout);
  assert.deepEqual([State, IsFinished, CopiedNow], ['finished', true, { Rows: 0, Packages: 0, Logs: 0 }]);

  await rm(join(move.data, 'moved-to'));
  const old = move.serveOld();
  assert.deepEqual(await grown.ask(await urlOf(old)), answers);
  await stop(old);
});

test('a move that is killed at any moment goes on when it is run again', async (t) => {
  const move = await openMove(t);
  const hasBlobs = async () => (await Array.fromAsync(move.blobs.list())).length > 0;
  const moments = {
    'packages are there': () => move.hasRows('packages'),
    'a file is there': hasBlobs,
    'the folder is marked': () => readFile(join(move.data, 'moved-to')).catch(() => undefined),
  };
  for (const [what, hasCome] of Object.entries(moments)) {
    const { process, ended } = move.startMigrate();
    const isOver = ended.then(() => true);
    await until(what, async () => (await hasCome()) || (await Promise.race([isOver, undefined])), 60_000);
    process.kill('SIGKILL');
    await ended;
  }
  const { code, stdout, stderr } = await move.migrate('--json');
  assert.equal(code, 0, stdout + stderr);
  const server = move.serveNew();
  assert.deepEqual(await grown.ask(await urlOf(server)), answers);
  await stop(server);
});

test('a move that loses its database says so, and goes on when it is run again', async (t) => {
  const move = await openMove(t);
  const running = move.startMigrate();
  await until('it has begun', () => move.hasRows('moves'), 60_000);
  await move.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'slipway migrate%'",
  );
  const { code, stderr } = await running.ended;
  if (code !== 0) assert.match(stderr, /Run this again|run this again/);
  assert.equal((await move.migrate()).code, 0);
  const server = move.serveNew();
  assert.deepEqual(await grown.ask(await urlOf(server)), answers);
  await stop(server);
});
