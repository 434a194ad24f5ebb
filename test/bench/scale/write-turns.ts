import { randomUUID } from 'node:crypto';
import { takeLease } from '../../../src/database/leases.ts';
import { openPostgresDatabase, type SharedDatabase } from '../../../src/database/postgres/postgres-database.ts';
import { inTurn } from '../measure.ts';
import type { Bench, Row } from '../row.ts';
import type { SharedStores } from './shared-stores.ts';

const MEMBERS = 16;
const MEASURED_MS = 2000;

/** How many transactions a second write, where all who write take turns. */
export async function measureTurns(bench: Bench, stores: SharedStores): Promise<readonly Row[]> {
  bench.say('who writes takes turns');
  const url = await stores.newDatabase();
  const databases: SharedDatabase[] = [];
  for (let at = 0; at < MEMBERS; at += 1) {
    const database = await openPostgresDatabase({ url, applicationName: 'bench' });
    bench.after(() => database.close());
    databases.push(database);
  }
  const sides = {
    one: () => commitsPerSecond(databases.slice(0, 1)),
    all: () => commitsPerSecond(databases),
  };
  await inTurn(1, sides);
  const { one, all } = await inTurn(5, sides);
  return [
    {
      title: `durable commits of ${MEMBERS} connections that take turns`,
      unit: '/s',
      figure: all,
      reference: { title: 'one connection alone', figure: one },
      goal: { of: 'ratio', is: 'at least', value: 0.8 },
    },
  ];
}

/** Each commits one transaction after the other. */
async function commitsPerSecond(databases: readonly SharedDatabase[]): Promise<number> {
  const ends = performance.now() + MEASURED_MS;
  const counts = await Promise.all(
    databases.map(async (database) => {
      const lease = { name: randomUUID(), holder: 'bench' };
      let count = 0;
      for (; performance.now() < ends; count += 1) {
        const now = database.now();
        await database.transaction((queries) => takeLease(queries, lease, { now, expiresAt: now + 1000 }));
      }
      return count;
    }),
  );
  return (counts.reduce((sum, count) => sum + count, 0) * 1000) / MEASURED_MS;
}
