import { loadavg } from 'node:os';
import type { Bench, Row } from '../row.ts';
import { measureGrownStores } from './grown-stores.ts';
import { writeScalingPage } from './scaling-page.ts';
import { measureSharedStatus } from './shared-status.ts';
import { startSharedStores } from './shared-stores.ts';
import { measureWorkers } from './workers.ts';
import { measureTurns } from './write-turns.ts';

/** What servers and workers on a PostgreSQL and an S3 store do, and how that grows. Writes docs/scaling-figures.md. */
export async function measureScale(bench: Bench): Promise<readonly Row[]> {
  const [loadBefore = 0] = loadavg();
  const stores = await startSharedStores(bench);
  const rows = [
    ...(await measureWorkers(bench, stores)),
    ...(await measureTurns(bench, stores)),
    ...(await measureSharedStatus(bench, stores)),
  ];
  const grown = await measureGrownStores(bench, stores);
  rows.push(...grown.rows);
  await writeScalingPage({ rows, plans: grown.plans, loadBefore });
  return rows;
}
