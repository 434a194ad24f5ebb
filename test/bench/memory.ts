import { setTimeout as delay } from 'node:timers/promises';
import { addTrivialApp, startBenchServer } from './bench-server.ts';
import { runProgram } from './measure.ts';
import type { Bench, Row } from './row.ts';

const IDLE_MS = 5000;

/** How much memory a server holds that has nothing to do. */
export async function measureMemory(bench: Bench): Promise<readonly Row[]> {
  bench.say('memory');
  const server = await startBenchServer(bench);
  const app = await addTrivialApp(bench, server);
  const id = await server.client.start(app.name, { Revision: app.revisions[0], Version: '1.0.0' });
  await server.client.finish(app.name, id);
  await delay(IDLE_MS);
  const kib = Number(await runProgram('ps', ['-o', 'rss=', '-p', String(server.pid)]));
  return [
    {
      title: 'memory (RSS) of the idle server after one build',
      unit: 'MiB',
      figure: kib / 1024,
      goal: { of: 'figure', is: 'at most', value: 80 },
    },
  ];
}
