import { until } from '../support/until.ts';
import { addTrivialApp, startBenchServer } from './bench-server.ts';
import { listStatuses, startMany } from './builds.ts';
import type { Bench, Row } from './row.ts';

const QUEUED = 200;
const DEADLINE_MS = 120_000;

/** How many accepted builds are lost when the server is killed while they wait. */
export async function measureKill(bench: Bench): Promise<readonly Row[]> {
  bench.say(`kill -9 with ${QUEUED} builds queued`);
  const killed = await startBenchServer(bench);
  const app = await addTrivialApp(bench, killed);
  const ids = await startMany(killed, app, QUEUED);
  await killed.end('SIGKILL');
  const next = await startBenchServer(bench, killed.dataFolder);
  const statuses = await until(
    'every build has ended',
    async () => {
      const found = await listStatuses(next, app);
      return [...found.values()].every((status) => status === 'Succeeded' || status === 'Failed') && found;
    },
    DEADLINE_MS,
  );
  const lost = ids.filter((id) => statuses.get(id) !== 'Succeeded').length;
  return [
    {
      title: `builds lost by kill -9 with ${QUEUED} queued`,
      unit: 'builds',
      figure: lost,
      goal: { of: 'figure', is: 'at most', value: 0 },
    },
  ];
}
