import { createRowQueue } from '../../src/queue/row-queue.ts';
import { testDatabase } from '../support/database.ts';
import { openTestPostgres } from '../support/postgres.ts';
import { testBuildQueue } from './build-queue.ts';

for (const [name, open] of [
  ['SQLite', testDatabase],
  ['PostgreSQL', openTestPostgres],
] as const) {
  testBuildQueue(`queue of rows on ${name}`, async (context) => {
    const database = await open(context);
    let now = 1_000_000;
    const queue = createRowQueue({
      database,
      clock: () => now,
      leaseMs: 30_000,
      buildsPerApp: 2,
      preferenceMs: 2000,
      mostInterruptions: 2,
    });
    return {
      queue,
      database,
      now: () => now,
      advance(ms) {
        now += ms;
      },
    };
  });
}
