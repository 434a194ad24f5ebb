import { addTrivialApp, type BenchServer, startBenchServer } from './bench-server.ts';
import { median } from './measure.ts';
import type { Bench, Row } from './row.ts';
import { callsPerSecond } from './status.ts';
import { storePackages } from './store-packages.ts';

const PACKAGES = 100_000;
/** Each is pruned in a round of its own. */
const APPS = 4;
const SECONDS = 2;

/** What pruning 100,000 packages leaves to those who ask for a status meanwhile, and how long it takes then. */
export async function measurePrune(bench: Bench): Promise<readonly Row[]> {
  bench.say('pruning 100,000 packages');
  const first = await startBenchServer(bench);
  await first.end('SIGTERM');
  storePackages(first.dataFolder, { apps: APPS, packages: PACKAGES });
  const server = await startBenchServer(bench, first.dataFolder);
  const app = await addTrivialApp(bench, server);
  const id = await server.client.start(app.name, { Revision: app.revisions[0], Version: '1.0.0' });
  await server.client.finish(app.name, id);
  const ask = () => callsPerSecond(server, `/api/1/apps/${app.name}/packages/${id}`, SECONDS);
  await ask();
  const alone: number[] = [];
  const beside: number[] = [];
  const perSecond: number[] = [];
  for (let at = 0; at < APPS; at += 1) {
    alone.push(await ask());
    const { figures, seconds } = await askBeside(ask, () => pruneApp(server, `app-${at}`));
    beside.push(...figures);
    perSecond.push(PACKAGES / APPS / seconds);
  }
  return [
    {
      title: 'status call while 100,000 packages are pruned',
      unit: '/s',
      figure: median(beside),
      reference: { title: 'while nothing else is done', figure: median(alone) },
      goal: { of: 'ratio', is: 'at least', value: 0.8 },
    },
    {
      title: 'packages pruned meanwhile',
      unit: '/s',
      figure: median(perSecond),
      goal: { of: 'figure', is: 'at least', value: 500 },
    },
  ];
}

/** Asks as often as fits while something else is done. @returns at least one figure */
async function askBeside(
  ask: () => Promise<number>,
  work: () => Promise<void>,
): Promise<{ readonly figures: readonly number[]; readonly seconds: number }> {
  const began = performance.now();
  let seconds: number | undefined;
  const working = work().then(() => {
    seconds = (performance.now() - began) / 1000;
  });
  const figures: number[] = [];
  while (seconds === undefined) {
    const figure = await ask();
    // One that was asked partly afterwards says nothing, unless there is no other.
    if (seconds === undefined || figures.length === 0) figures.push(figure);
  }
  await working;
  return { figures, seconds };
}

/** Deletes all packages of an app but one. */
async function pruneApp({ client }: BenchServer, app: string): Promise<void> {
  let Cursor: string | undefined;
  do {
    const answer = await client.call('POST', `/manage/1/apps/${app}/prune`, {
      KeepNewest: 1,
      ...(Cursor && { Cursor }),
    });
    Cursor = answer.Cursor ?? undefined;
  } while (Cursor !== undefined);
}
