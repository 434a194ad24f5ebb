import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { cp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import pg from 'pg';
import { openS3BlobStore } from '../../src/blob/s3-blob-store.ts';
import { isSame, type MoveReport } from '../../src/main/move-report.ts';
import { environmentCalls } from '../support/environments.ts';
import { type Answers, type GrownServer, growServer } from '../support/grown-data-folder.ts';
import { migratedDatabase, postgresDatabase } from '../support/postgres.ts';
import { type RunningSlipway, runSlipway, startSlipway } from '../support/run-slipway.ts';
import { startFaultyS3 } from '../support/s3/s3-faults.ts';
import { atEndpoint, openTestS3 } from '../support/s3/s3-server.ts';
import { call } from '../support/server.ts';
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

/** A copy of its data folder, and where that is to move: an empty database, and a store with faults to come. */
async function openMove(t: TestContext, database: string) {
  const folder = await temporaryFolder(t);
  const data = join(folder, 'data');
  await cp(grown.server.dataFolder, data, { recursive: true });
  const direct = await openTestS3(t);
  const faults = await startFaultyS3(t, direct.endpoint);
  const s3 = atEndpoint(direct, faults.endpoint);
  const { SLIPWAY_BLOBS = '', ...access } = s3.variables;
  const args = ['migrate', '--from', data, '--to', database, '--blobs', SLIPWAY_BLOBS];
  const secretKey = (await readFile(join(data, 'secret.key'), 'utf8')).trim();
  const client = new pg.Client({ connectionString: database });
  await client.connect();
  t.after(() => client.end());
  return {
    data,
    faults,
    query: async (text: string) => (await client.query(text)).rows,
    blobs: await openS3BlobStore({ ...s3, pathStyle: true, clock: Date.now }),
    migrate: (...more: string[]) => runSlipway(t, folder, [...args, ...more], access),
    startMigrate: () => startSlipway(t, folder, args, access),
    serveOld: (variables = {}) => startSlipway(t, folder, ['serve', '--port', '0', '--data', data], variables),
    /** Runs a command as an admin of the server at this address. */
    asAdmin(url: string, ...command: string[]) {
      const { username, apiKey } = grown.server.admin;
      const variables = { SLIPWAY_URL: url, SLIPWAY_USERNAME: username, SLIPWAY_API_KEY: apiKey };
      return runSlipway(t, folder, command, variables);
    },
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
  const move = await openMove(t, await postgresDatabase());
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

test('an environment that was deployed into a directory says once it was moved how it is replaced', async (t) => {
  const move = await openMove(t, await postgresDatabase());
  const folder = await temporaryFolder(t);
  const environmentAt = (url: string) =>
    environmentCalls((method, path, body) => call(url, method, path, body, grown.server.admin), 'Test');
  const [packageId = ''] = grown.succeeded;
  const create = ['environment', 'create', 'calc', 'Test', '--target'];

  const old = move.serveOld({ SLIPWAY_DEPLOY_FOLDERS: folder });
  const oldUrl = await urlOf(old);
  const made = await move.asAdmin(oldUrl, ...create, 'directory', '--option', `folder=${join(folder, 'calc')}`);
  assert.equal(made.code, 0, made.stderr);
  assert.equal((await environmentAt(oldUrl).transport(packageId)).status, 200);
  await environmentAt(oldUrl).run();
  await stop(old);
  assert.equal((await move.migrate()).code, 0);

  const server = move.serveNew();
  const url = await urlOf(server);
  const environment = environmentAt(url);
  const advice =
    /the target 'directory' .*: delete the environment by force, and create it anew with the target 'webhook'/;
  for (const refused of [await environment.transport(packageId), await environment.stop()]) {
    assert.equal(refused.status, 500);
    assert.match(refused.body.errorMessage, advice);
  }
  const kept = await move.asAdmin(url, 'environment', 'update', 'calc', 'Test', '--option', 'keep=3');
  assert.match(kept.stderr, /The target 'directory' .*: delete the environment by force, and create it anew/);

  const deleted = await move.asAdmin(url, 'environment', 'delete', 'calc', 'Test', '--force');
  assert.equal(deleted.code, 0, deleted.stderr);
  assert.ok(await readFile(join(folder, 'calc', 'current', 'readme.txt')), 'what runs there is left alone');
  const anew = await move.asAdmin(url, ...create, 'record');
  assert.equal(anew.code, 0, anew.stderr);
  assert.equal((await environment.transport(packageId)).status, 200);
  await stop(server);
});

/** Holds a move at one moment. */
interface Hold {
  /** Whether it has come there. */
  isHeld(): Promise<boolean>;
  /** Once it was killed. */
  letGo(): Promise<unknown>;
}

type Move = Awaited<ReturnType<typeof openMove>>;

/** Whoever writes to a table waits; reading goes on. */
async function holdTable({ query }: Move, table: string): Promise<Hold> {
  await query(`begin; lock table ${table} in share mode`);
  const waiting = `select 1 from pg_locks where not granted and relation = '${table}'::regclass
    and database = (select oid from pg_database where datname = current_database())`;
  return { isHeld: async () => (await query(waiting)).length > 0, letGo: () => query('rollback') };
}

/** The files of two packages reach the store, and those of the others do not. */
async function holdFiles({ faults, blobs }: Move): Promise<Hold> {
  const held = grown.succeeded.slice(2);
  const on = new RegExp(`^PUT .*(?:${held.join('|')})`);
  const fault = faults.add({ on, times: Number.POSITIVE_INFINITY, effect: { kind: 'silence' } });
  const isHeld = async () =>
    faults.seen.some(({ line }) => on.test(line)) &&
    (await Array.fromAsync(blobs.list())).length === grown.succeeded.length - held.length;
  return { isHeld, letGo: async () => fault.end() };
}

type CopiedNow = MoveReport['CopiedNow'];

interface Killed {
  /** Where it is killed, one time after the other. */
  readonly holds: readonly ((move: Move) => Promise<Hold>)[];
  /** Whether the folder says then that it was moved. */
  readonly isMarked: boolean;
  /** What is there of it already when it is run again. */
  there(whole: CopiedNow, tables: MoveReport['Tables']): CopiedNow;
}

const rowsOf = (tables: MoveReport['Tables']) => tables.reduce((sum, { Rows }) => sum + Rows, 0);

const KILLED: Readonly<Record<string, Killed>> = {
  'between the rows of two tables': {
    holds: [(move) => holdTable(move, 'packages')],
    isMarked: false,
    there(_, tables) {
      const at = tables.findIndex(({ Table }) => Table === 'packages');
      return { Rows: rowsOf(tables.slice(0, at)), Packages: 0, Logs: 0 };
    },
  },
  'among the files': {
    holds: [holdFiles],
    isMarked: false,
    there: ({ Rows }) => ({ Rows, Packages: 2, Logs: 0 }),
  },
  'among the files, and again at its very end,': {
    // Its beginning is written to that table, too: the first one that is killed has done so.
    holds: [holdFiles, (move) => holdTable(move, 'moves')],
    isMarked: true,
    there: (whole) => whole,
  },
};

/** Kills a move where it is held, and nowhere else. */
async function killAt(move: Move, { isHeld, letGo }: Hold): Promise<void> {
  const { process, ended } = move.startMigrate();
  const isOver = ended.then(({ stdout, stderr }) => assert.fail(`It was over before:\n${stdout}${stderr}`));
  await Promise.race([until('it is held', isHeld, 60_000), isOver]);
  process.kill('SIGKILL');
  await ended;
  assert.equal(process.signalCode, 'SIGKILL');
  await letGo();
}

for (const [moment, { holds, isMarked, there }] of Object.entries(KILLED)) {
  test(`a move that is killed ${moment} goes on there when it is run again`, async (t) => {
    const move = await openMove(t, await migratedDatabase());
    for (const hold of holds) await killAt(move, await hold(move));
    assert.equal(existsSync(join(move.data, 'moved-to')), isMarked);

    const { code, stdout, stderr } = await move.migrate('--json');
    assert.equal(code, 0, stdout + stderr);
    const report: MoveReport = JSON.parse(stdout);
    assert.deepEqual([report.State, report.IsFinished], ['resumed', true]);
    const { Tables, Packages, Logs, CopiedNow } = report;
    const whole = { Rows: rowsOf(Tables), Packages, Logs };
    const before = there(whole, Tables);
    assert.ok(before.Rows > 0 && Packages === grown.succeeded.length && Logs === grown.logs.length);
    const left = { Rows: whole.Rows - before.Rows, Packages: Packages - before.Packages, Logs: Logs - before.Logs };
    assert.deepEqual(CopiedNow, left);
    assert.deepEqual(
      Tables.filter((table) => !isSame(table)),
      [],
    );
    const server = move.serveNew();
    assert.deepEqual(await grown.ask(await urlOf(server)), answers);
    await stop(server);
  });
}

test('a move that loses its database says so, and goes on when it is run again', async (t) => {
  const move = await openMove(t, await migratedDatabase());
  const { isHeld, letGo } = await holdTable(move, 'packages');
  const running = move.startMigrate();
  await until('it is held', isHeld, 60_000);
  await move.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'slipway migrate%'",
  );
  const { code, stderr } = await running.ended;
  assert.notEqual(code, 0);
  assert.match(stderr, /run this again/i);
  await letGo();
  assert.equal((await move.migrate()).code, 0);
  const server = move.serveNew();
  assert.deepEqual(await grown.ask(await urlOf(server)), answers);
  await stop(server);
});
