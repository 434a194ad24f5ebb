import { openBareCommits } from './bare-commits.ts';
import { addTrivialApp, type BenchApp, type BenchServer, startBenchServer } from './bench-server.ts';
import { inTurn, timeMs } from './measure.ts';
import type { Bench, Row } from './row.ts';

const ENVIRONMENTS = 32;
const EACH = 20;
const ROUNDS = 5;
/** A transport is written down before the target is asked, and once it was done. */
const COMMITS = 2;

/** How many packages a second are brought to environments that remember them: to one, and to many at once. */
export async function measureTransports(bench: Bench): Promise<readonly Row[]> {
  bench.say('transports');
  const server = await startBenchServer(bench);
  const app = await addTrivialApp(bench, server);
  const modes = Array.from({ length: ENVIRONMENTS }, (_, at) => `Environment${at}`);
  for (const Mode of modes) await server.client.call('POST', `/manage/1/apps/${app.name}/environments`, { Mode });
  const packages = [await build(server, app, '1.0.0'), await build(server, app, '1.0.1')];
  const bare = await openBareCommits(bench);
  const sides = {
    one: () => transportsPerSecond(server, app, modes.slice(0, 1), packages),
    many: () => transportsPerSecond(server, app, modes, packages),
    bare: async () => bare.measure(EACH * COMMITS * 10),
  };
  await inTurn(1, sides);
  const figures = await inTurn(ROUNDS, sides);
  const reference = { title: 'pairs of bare SQLite commits', figure: figures.bare / COMMITS };
  return [
    {
      title: 'transports to one environment, one after the other',
      unit: '/s',
      figure: figures.one,
      reference,
      goal: { of: 'ratio', is: 'at least', value: 0.4 },
    },
    {
      title: `transports to ${ENVIRONMENTS} environments at once`,
      unit: '/s',
      figure: figures.many,
      reference,
      goal: { of: 'ratio', is: 'at least', value: 2 },
    },
  ];
}

/** Gives each environment these packages in turn, so many times, all environments at once. */
async function transportsPerSecond(
  { client }: BenchServer,
  app: BenchApp,
  modes: readonly string[],
  packages: readonly string[],
): Promise<number> {
  const fill = async (mode: string) => {
    for (let at = 0; at < EACH; at += 1) {
      const body = { PackageId: packages[at % packages.length] };
      await client.call('POST', `/api/1/apps/${app.name}/environments/${mode}/transport`, body);
    }
  };
  const ms = await timeMs(() => Promise.all(modes.map(fill)));
  return (modes.length * EACH * 1000) / ms;
}

async function build({ client }: BenchServer, app: BenchApp, Version: string): Promise<string> {
  const id = await client.start(app.name, { Revision: app.revisions[0], Version });
  await client.finish(app.name, id);
  return id;
}
