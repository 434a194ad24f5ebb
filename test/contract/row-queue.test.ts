import { createRowQueue } from '../../src/queue/row-queue.ts';
import { testDatabase } from '../support/database.ts';
import { testBuildQueue } from './build-queue.ts';

testBuildQueue('queue of rows', async (context) => {
  const database = await testDatabase(context);
  let now = 1_000_000;
  const queue = createRowQueue({
    database,
    clock: () => now,
    leaseMs: 30_000,
    buildsPerApp: 2,
    mostInterruptions: 2,
  });
  return {
    queue,
    database,
    advance(ms) {
      now += ms;
    },
  };
});
