import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startBusyCluster } from '../support/busy-cluster.ts';

test('workers and servers are killed in the middle of everything, and every accepted build ends once', async (t) => {
  const { cluster, untilAccepted, finish, succeeded } = await startBusyCluster(t);
  for (const member of [...cluster.workers, ...cluster.servers]) {
    await untilAccepted(4);
    assert.equal(await member.end('SIGKILL'), 'SIGKILL');
    await member.start();
  }
  await untilAccepted(4);
  await finish();
  assert.ok(succeeded() > 5, `${succeeded()} builds succeeded`);
});
