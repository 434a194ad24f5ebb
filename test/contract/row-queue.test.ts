import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRowQueue } from '../../src/queue/row-queue.ts';
import { NO_TRACING } from '../../src/tracing/no-tracing.ts';
import { addApp, addPackage, testDatabase } from '../support/database.ts';
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
      tracing: NO_TRACING,
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

test('however often a worker asks for a build that waits for another one, all are woken once for it', async (t) => {
  const database = await testDatabase(t);
  const options = { leaseMs: 30_000, buildsPerApp: 2, preferenceMs: 2000, mostInterruptions: 2 };
  const queue = createRowQueue({ database, tracing: NO_TRACING, clock: () => 1000, ...options });
  const app = await addApp(database, 'calc');
  await addPackage(database, app, { created_at: 1000 });
  await queue.claim('one');
  await addPackage(database, app, { created_at: 1000 });
  t.mock.timers.enable({ apis: ['setTimeout'] });
  for (let times = 0; times < 5; times += 1) assert.equal(await queue.claim('two'), undefined);
  let calls = 0;
  queue.onWork(() => {
    calls += 1;
  });
  t.mock.timers.tick(2000);
  assert.equal(calls, 1);
});
