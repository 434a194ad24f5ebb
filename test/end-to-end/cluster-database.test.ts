import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { startBusyCluster } from '../support/busy-cluster.ts';
import { openDatabaseWay } from '../support/database-way.ts';
import { startInTemporaryFolder } from '../support/postgres-server.ts';

const MINUTE_MS = 60_000;

async function openDatabase(t: { after(work: () => unknown): void }) {
  const { server, stop } = await startInTemporaryFolder();
  t.after(stop);
  return { server, way: await openDatabaseWay(t, server.urlOf('postgres')) };
}

test('PostgreSQL is stopped, killed and started again, and every accepted build ends once', async (t) => {
  const { server, way } = await openDatabase(t);
  const { untilAccepted, finish } = await startBusyCluster(t, { databaseUrl: way.url });
  for (const end of [server.stop, server.kill]) {
    await untilAccepted(4);
    await end();
    await server.start();
  }
  await untilAccepted(4);
  await finish();
});

test('everybody is cut off from PostgreSQL for a minute, loudly and silently, and every accepted build ends once', async (t) => {
  const { way } = await openDatabase(t);
  const { untilAccepted, finish } = await startBusyCluster(t, { databaseUrl: way.url });
  await untilAccepted(4);
  way.cut();
  // Longer than a call waits for the database, and than leases last.
  await setTimeout(MINUTE_MS);
  way.mend();
  await untilAccepted(4);
  way.silence();
  // Longer than an answer is waited for, too.
  await setTimeout(MINUTE_MS);
  way.mend();
  await untilAccepted(4);
  way.forget();
  await untilAccepted(4);
  await finish();
});
