import { createPackageChanges } from '../../src/changes/package-changes.ts';
import { createEmbeddedQueue } from '../../src/queue/embedded-queue.ts';
import { testDatabase } from '../support/database.ts';
import { testBuildQueue } from './build-queue.ts';

testBuildQueue('embedded queue', async (context) => {
  const database = await testDatabase(context);
  let now = 1_000_000;
  const queue = createEmbeddedQueue({
    database,
    changes: createPackageChanges(),
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
