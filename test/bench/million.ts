import { addTrivialApp, type BenchApp, type BenchServer, startBenchServer } from './bench-server.ts';
import { buildsPerSecond, trivialBuildMs } from './builds.ts';
import { inTurn } from './measure.ts';
import type { Bench, Row } from './row.ts';
import { callsPerSecond } from './status.ts';
import { storePackages } from './store-packages.ts';

const PACKAGES = 1_000_000;
const APPS = 1000;
const WRK_SECONDS = 2;
const MICROSECONDS = 1_000_000;

/** The same figures with a store that is empty and with one of a million packages, side by side. */
export async function measureMillion(bench: Bench): Promise<readonly Row[]> {
  bench.say('an empty store and one of a million packages');
  const empty = await openStore(bench, 0);
  const full = await openStore(bench, PACKAGES);
  return await compareStores(FIGURES, full, empty, ['a million packages stored', 'an empty store']);
}

/** Measures each figure of two stores in turn. @param titles what each of them is */
export async function compareStores<Kind>(
  figures: readonly Figure<Kind>[],
  full: Kind,
  empty: Kind,
  titles: readonly [string, string],
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const { title, unit, rounds, measure } of figures) {
    const sides = { full: () => measure(full), empty: () => measure(empty) };
    await inTurn(1, sides);
    const { full: figure, empty: reference } = await inTurn(rounds, sides);
    rows.push({
      title: `${title}, ${titles[0]}`,
      unit,
      figure,
      reference: { title: titles[1], figure: reference },
      goal: { of: 'ratio', is: 'at most', value: 1.2 },
    });
  }
  return rows;
}

/** One that is smaller the better, so that a ratio above 1 is a loss. */
export interface Figure<Kind> {
  readonly title: string;
  readonly unit: Row['unit'];
  readonly rounds: number;
  measure(store: Kind): Promise<number>;
}

/** A server, an app of its own to build, and a package of that. */
export interface Store {
  readonly server: BenchServer;
  readonly app: BenchApp;
  readonly packageId: string;
}

/** What may not grow with the packages that are stored. */
export const FIGURES: readonly Figure<Store>[] = [
  {
    title: 'trivial build',
    unit: 'ms',
    rounds: 7,
    measure: ({ server, app }) => trivialBuildMs(server, app, 10),
  },
  {
    title: 'each of 200 builds at once',
    unit: 'ms',
    rounds: 5,
    measure: async ({ server, app }) => 1000 / (await buildsPerSecond(server, [app])),
  },
  {
    title: 'status call',
    unit: 'µs',
    rounds: 5,
    measure: ({ server, app, packageId }) => callMicroseconds(server, `/api/1/apps/${app.name}/packages/${packageId}`),
  },
  {
    title: 'list of the packages of one app',
    unit: 'µs',
    rounds: 5,
    measure: ({ server }) => callMicroseconds(server, '/api/1/apps/listed/packages'),
  },
];

async function callMicroseconds(server: BenchServer, path: string): Promise<number> {
  return MICROSECONDS / (await callsPerSecond(server, path, WRK_SECONDS));
}

/** A server with so many packages of other apps, and the same two apps of its own whatever their number. */
async function openStore(bench: Bench, packages: number): Promise<Store> {
  const first = await startBenchServer(bench);
  await first.end('SIGTERM');
  if (packages > 0) storePackages(first.dataFolder, { apps: APPS, packages });
  return await addApps(bench, await startBenchServer(bench, first.dataFolder));
}

/** Adds the two apps that every store has: one to build, and one with twenty packages to list. */
export async function addApps(bench: Bench, server: BenchServer): Promise<Store> {
  const app = await addTrivialApp(bench, server);
  const listed = await addTrivialApp(bench, server, 'listed');
  for (let at = 0; at < 20; at += 1) {
    const build = { Revision: listed.revisions[0], Version: `1.0.${at}` };
    await server.client.finish(listed.name, await server.client.start(listed.name, build));
  }
  const packageId = await server.client.start(app.name, { Revision: app.revisions[0], Version: '0.0.1' });
  await server.client.finish(app.name, packageId);
  return { server, app, packageId };
}
