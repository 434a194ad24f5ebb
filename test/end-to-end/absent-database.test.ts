import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import { type ClusterMember, startCluster } from '../support/cluster.ts';
import { type DatabaseWay, openDatabaseWay } from '../support/database-way.ts';
import { makeHeldRepository } from '../support/held-repository.ts';
import { postgresDatabase } from '../support/postgres.ts';
import { runSlipway, startSlipway } from '../support/run-slipway.ts';
import { openSharedBlobs } from '../support/shared-blobs.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

/** How a database is away: its connections break, or nothing comes back any more. */
const AWAY: readonly (readonly [name: string, begin: (way: DatabaseWay) => void])[] = [
  ['refuses everybody', (way) => way.cut()],
  ['is silent', (way) => way.silence()],
];
const COMMANDS = [['serve', '--port', '0'], ['worker']];
/** What a start takes beside the wait for the database, where much else is going on. */
const START_MS = 60_000;
/** Grace, farewell, and what a machine takes that is busy. */
const STOP_MS = 1000 + 20_000 + 15_000;

async function stop(member: ClusterMember) {
  return [await member.end('SIGTERM'), member.process.printed()] as const;
}

async function variablesFor(databaseUrl: string) {
  const { variables } = await openSharedBlobs();
  return { ...variables, SLIPWAY_DATABASE: databaseUrl, SLIPWAY_SECRET_KEY: randomBytes(32).toString('hex') };
}

for (const [name, begin] of AWAY) {
  test(`a server and a worker that are started while the database ${name} end, and say so`, async (t) => {
    const way = await openDatabaseWay(t, await postgresDatabase());
    begin(way);
    const variables = await variablesFor(way.url);
    const began = performance.now();
    await Promise.all(
      COMMANDS.map(async (args) => {
        const { code, stdout, stderr } = await runSlipway(t, await temporaryFolder(t), args, variables);
        assert.equal(code, 6, stdout + stderr);
        assert.match(
          stderr,
          /^The database '\w+' at 127\.0\.0\.1:\d+ does not answer \([^)]+\): start it, or correct --database \(or SLIPWAY_DATABASE\)\.\n$/,
        );
      }),
    );
    const tookMs = performance.now() - began;
    assert.ok(tookMs < START_MS, `${tookMs} ms`);
  });

  test(`a start waits for a database that ${name} for a moment`, async (t) => {
    const way = await openDatabaseWay(t, await postgresDatabase());
    begin(way);
    const variables = await variablesFor(way.url);
    const started = await Promise.all(
      COMMANDS.map(async (args) => startSlipway(t, await temporaryFolder(t), args, variables)),
    );
    await until('both have asked for it', () => way.asked() >= 2);
    way.mend();
    const [server, worker] = started;
    await Promise.all([server?.untilPrinted('Slipway serves'), worker?.untilPrinted('Slipway builds')]);
  });

  test(`a server and a worker that are stopped while the database ${name} end in time, and lose nothing`, async (t) => {
    const way = await openDatabaseWay(t, await postgresDatabase());
    const { call, servers, workers } = await startCluster(t, {
      databaseUrl: way.url,
      servers: [{}],
      workers: [{}],
      variables: { SLIPWAY_SHUTDOWN_GRACE: '1s' },
    });
    const held = await makeHeldRepository(t, join(await temporaryFolder(t), 'held'));
    assert.equal((await call('POST', '/manage/1/apps', { AppId: 'held', Repository: held.path })).status, 200);
    const path = '/api/1/apps/held/packages';
    const start = async (Version: string) =>
      (await call('POST', path, { Revision: held.revision, Version })).body.PackageId;
    const ids = [await start('1.0.0'), await start('1.0.1'), await start('1.0.2')];
    const statusOf = async (id: string) => (await call('GET', `${path}/${id}`)).body.Status;
    await until('it is built', async () => (await statusOf(ids[0])) === 'Building');
    begin(way);
    const members = [...servers, ...workers];
    const began = performance.now();
    for (const [code, said] of await Promise.all(members.map(stop))) {
      assert.match(said, code === 0 ? /^Stopped\.$/m : /^Stopped, though the database or the store does not answer: /m);
      assert.ok(code === 0 || code === 6, `${code}`);
    }
    const tookMs = performance.now() - began;
    assert.ok(tookMs < STOP_MS, `${tookMs} ms`);
    way.mend();
    held.release();
    await Promise.all(members.map((member) => member.start()));
    for (const id of ids) {
      await until(`${id} is built`, async () => (await statusOf(id)) === 'Succeeded', 60_000);
    }
  });
}
