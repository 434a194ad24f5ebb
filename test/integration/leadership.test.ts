import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { insertAuditEntry, listAudit } from '../../src/database/audit.ts';
import type { Database } from '../../src/database/database.ts';
import { LeaseLost } from '../../src/database/fence.ts';
import { LEASE_MS, Leadership } from '../../src/main/leadership.ts';
import { testDatabase } from '../support/database.ts';
import { openTestPostgres } from '../support/postgres.ts';
import { until } from '../support/until.ts';

/** Processes that want the same duties, on one database and one clock. */
async function setUp(t: TestContext, open: (t: TestContext) => Promise<Database>) {
  const database = await open(t);
  const time = { now: 1_000_000 };
  const make = (beatMs = 5) => {
    const had: Database[] = [];
    const state = { isLeading: false };
    const leadership = new Leadership({
      database,
      clock: () => time.now,
      name: 'duties',
      open: (fenced) => ({
        start() {
          had.push(fenced);
          state.isLeading = true;
        },
        async stop() {
          state.isLeading = false;
        },
      }),
      onError: (error) => assert.fail(String(error)),
      beatMs,
    });
    t.after(() => leadership.stop());
    return { leadership, state, had };
  };
  return { database, time, make };
}

const note = (database: Database, subject: string) =>
  database.transaction((queries) => insertAuditEntry(queries, { at: 1, login: '', action: '', subject, detail: '' }));

for (const [name, open] of [
  ['SQLite', testDatabase],
  ['PostgreSQL', openTestPostgres],
] as const) {
  test(`${name}: one has the duties, and when it stops another one has them at once`, async (t) => {
    const { make } = await setUp(t, open);
    const [one, two] = [make(), make()];
    one.leadership.start();
    await until('the first has them', () => one.state.isLeading);
    two.leadership.start();
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(two.state.isLeading, false);
    await one.leadership.stop();
    assert.equal(one.state.isLeading, false);
    await until('the second has them', () => two.state.isLeading);
  });

  test(`${name}: one that was silent for too long is followed, and what it writes afterwards is refused`, async (t) => {
    const { database, time, make } = await setUp(t, open);
    // Asks once, and then never again, as one that is frozen.
    const [one, two] = [make(2 ** 30), make()];
    one.leadership.start();
    const [fenced] = await until('the first has them', () => one.had.length > 0 && one.had);
    assert.ok(fenced);
    await note(fenced, 'while it has them');
    time.now += LEASE_MS;
    two.leadership.start();
    await until('the second has them', () => two.state.isLeading);
    await assert.rejects(note(fenced, 'too late'), LeaseLost);
    assert.deepEqual(
      (await listAudit(database.read, { limit: 9 })).map(({ subject }) => subject),
      ['while it has them'],
    );
  });
}
