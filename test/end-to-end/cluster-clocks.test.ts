import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startBusyCluster } from '../support/busy-cluster.ts';
import { clockAhead } from '../support/clock-ahead.ts';

const TEN_MINUTES_MS = 10 * 60 * 1000;

test('clocks that are ten minutes apart take no build from anybody, and leave none to nobody', async (t) => {
  const { cluster, untilAccepted, finish } = await startBusyCluster(t, {
    servers: [clockAhead(TEN_MINUTES_MS), clockAhead(-TEN_MINUTES_MS)],
    workers: [clockAhead(TEN_MINUTES_MS), clockAhead(-TEN_MINUTES_MS)],
  });
  await untilAccepted(12);
  for (const worker of cluster.workers) {
    assert.equal(await worker.end('SIGKILL'), 'SIGKILL');
    await untilAccepted(1);
    await worker.start();
  }
  const began = Date.now();
  await untilAccepted(4);
  await finish();
  const { body } = await cluster.call('GET', '/api/1/apps/calc/packages');
  for (const { PackageId, CreationDate } of body) {
    assert.ok(Math.abs(CreationDate - began) < TEN_MINUTES_MS / 2, `${PackageId} is of another time: ${CreationDate}`);
  }
});
