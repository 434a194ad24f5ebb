import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pino } from 'pino';
import type { Configuration } from '../../src/main/configuration.ts';
import { startServer } from '../../src/main/server.ts';
import { startWorker } from '../../src/main/start-worker.ts';
import { migratedDatabase } from '../support/postgres.ts';
import { openScriptWorld } from '../support/script-world.ts';
import { startTestServer, testConfiguration } from '../support/server.ts';
import { openSharedBlobs } from '../support/shared-blobs.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const SECRET_KEY = Buffer.alloc(32, 7);

test('a build that is canceled ends with everything it has started, and leaves no room', async (t) => {
  const world = await openScriptWorld(t);
  const mark = `canceled${process.pid}`;
  const run = `cp /bin/sleep ./${mark}; setsid ./${mark} 600 & ./${mark} 601`;
  const built = world.build({ run, package: '.' });
  await until('it runs', async () => (await commandsWith(mark)).length >= 2);
  const [{ PackageId }] = (await world.server.call('GET', '/api/1/apps/calc/packages')).body;
  const { status } = await world.server.call('POST', `/api/1/apps/calc/packages/${PackageId}/cancel`);
  assert.equal(status, 200);
  assert.equal((await built).status, 'Failed');
  await until('everything is gone', async () => (await commandsWith(mark)).length === 0);
  await until('the room is gone', async () => (await readdir(join(world.server.dataFolder, 'tmp'))).length === 0);
});

test('the secrets of an app reach its steps and not its log', async (t) => {
  const world = await openScriptWorld(t);
  const secret = 'a secret with spaces & signs';
  const path = '/manage/1/apps/calc/secrets/TOKEN';
  assert.equal((await world.server.call('PUT', path, { Value: secret })).status, 200);
  const run = 'printf "%s" "$TOKEN" > out; echo "the token is $TOKEN"; printf "%s" "$TOKEN" | base64';
  const { bytes, log, reason } = await world.build({ run, package: 'out' });
  assert.equal(reason, '');
  assert.equal(String(bytes), secret);
  assert.match(log, /the token is \*\*\*/);
  assert.ok(!log.includes(secret) && !log.includes(Buffer.from(secret).toString('base64')));
});

test('what a build kept for the next is gone with its app', async (t) => {
  const world = await openScriptWorld(t);
  const caches = join(world.server.dataFolder, 'caches');
  const { reason } = await world.build({ run: 'mkdir c; echo x | tee c/x > out', package: 'out', cache: ['c'] });
  assert.equal(reason, '');
  assert.equal((await readdir(caches)).length, 1);
  assert.equal((await world.server.call('DELETE', '/manage/1/apps/calc')).status, 200);
  await until('the caches are gone', async () => (await readdir(caches)).length === 0);
});

test('rooms that a killed server has left behind are gone at the next start', async (t) => {
  const dataFolder = await temporaryFolder(t);
  await mkdir(join(dataFolder, 'tmp/room-x/workspace/closed'), { recursive: true });
  await writeFile(join(dataFolder, 'tmp/room-x/workspace/closed/file'), 'x');
  await startTestServer(t, { dataFolder });
  assert.deepEqual(await readdir(join(dataFolder, 'tmp')), []);
});

test('without a sandbox, by name alone, steps run as the server, which says so at every start', async (t) => {
  const stores = { databaseUrl: await migratedDatabase(), s3: (await openSharedBlobs()).settings };
  // A server that was there makes the database one that a worker may have.
  for (const start of [startServer, startWorker]) {
    const shared = { ...stores, secretKey: SECRET_KEY };
    assert.match(await warningsOf(t, start, { ...shared, sandbox: 'none' }), /SLIPWAY_SANDBOX is 'none'/);
    assert.doesNotMatch(await warningsOf(t, start, { ...shared, sandbox: 'auto' }), /SLIPWAY_SANDBOX/);
  }
  const world = await openScriptWorld(t, { sandbox: 'none' });
  const { reason, log, bytes } = await world.build({ run: 'pwd; echo "$HOME" > out', package: 'out', network: true });
  assert.equal(reason, '', log);
  assert.ok(log.includes(join(world.server.dataFolder, 'tmp')));
  assert.ok(String(bytes).startsWith(world.server.dataFolder));
});

async function warningsOf(
  t: TestContext,
  start: typeof startServer | typeof startWorker,
  overrides: Partial<Configuration>,
): Promise<string> {
  let written = '';
  const write = (line: string) => {
    written += line;
  };
  const logger = pino({ level: 'warn' }, { write });
  const started = await start(testConfiguration(await temporaryFolder(t), overrides), logger);
  await started.stop();
  return written;
}

async function commandsWith(mark: string): Promise<readonly string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const commands = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return commands.filter((command) => command.startsWith(`./${mark}`));
}
