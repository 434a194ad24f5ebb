import { setTimeout } from 'node:timers/promises';
import { bareSpawnMs, bareSpawnsPerSecond } from './bare-spawn.ts';
import type { BenchClient, BenchPackage } from './bench-client.ts';
import { addTrivialApp, type BenchApp, type BenchServer, startBenchServer } from './bench-server.ts';
import { inTurn, median, timeMs } from './measure.ts';
import type { Bench, Row } from './row.ts';

const AT_ONCE = 200;
let versions = 0;

/** How long a trivial build takes, and how many builds end in a second when many are asked for at once. */
export async function measureBuilds(bench: Bench): Promise<readonly Row[]> {
  const server = await startBenchServer(bench);
  const app = await addTrivialApp(bench, server);
  bench.say('trivial builds, one after the other');
  await trivialBuildMs(server, app, 100);
  const one = await inTurn(5, { ours: () => trivialBuildMs(server, app, 30), spawn: () => bareSpawnMs(20) });
  bench.say(`${AT_ONCE} builds at once`);
  await buildsPerSecond(server, [app]);
  const many = await inTurn(5, { ours: () => buildsPerSecond(server, [app]), spawn: () => bareSpawnsPerSecond(100) });
  return [
    {
      title: 'trivial build of a warm app, POST to Succeeded seen',
      unit: 'ms',
      figure: one.ours,
      reference: { title: 'a bare spawn of `true`', figure: one.spawn },
      goal: { of: 'figure', is: 'at most', value: 10 },
    },
    {
      title: `${AT_ONCE} builds at once`,
      unit: '/s',
      figure: many.ours,
      reference: { title: 'bare spawns of `true`, two at a time', figure: many.spawn },
      goal: { of: 'figure', is: 'at least', value: 300 },
    },
  ];
}

/** The median of so many trivial builds, from the POST until the client has seen Succeeded. */
export async function trivialBuildMs({ client }: BenchServer, app: BenchApp, count: number): Promise<number> {
  const times: number[] = [];
  for (let at = 0; at < count; at += 1) {
    times.push(
      await timeMs(async () => {
        const packageId = await client.start(app.name, { Revision: app.revisions[0], Version: nextVersion() });
        await client.finish(app.name, packageId);
      }),
    );
  }
  // Tags are pushed a second after the builds, by a process of their own: it must not run into the next measurement.
  await untilTagged(client, app);
  return median(times);
}

/** Builds per second of one or several apps, from the first POST until every one of so many is seen to have Succeeded. */
export async function buildsPerSecond(
  server: BenchServer,
  apps: readonly BenchApp[],
  count: number = AT_ONCE,
): Promise<number> {
  const { client } = server;
  let started: readonly (readonly string[])[] = [];
  const ms = await timeMs(async () => {
    started = await Promise.all(apps.map((app) => startMany(server, app, count / apps.length)));
    await Promise.all(apps.map((app, at) => untilSucceeded(client, app, started[at] ?? [])));
  });
  for (const [at, app] of apps.entries()) {
    await untilTagged(client, app);
    const ids = started[at] ?? [];
    await Promise.all(ids.map((id) => client.call('DELETE', `/api/1/apps/${app.name}/packages/${id}`)));
  }
  return (count * 1000) / ms;
}

async function untilSucceeded(client: BenchClient, app: BenchApp, ids: readonly string[]): Promise<void> {
  for (const id of ids) await client.finish(app.name, id);
}

/** Waits until every package of an app has its tag, which a process of its own makes. */
export async function untilTagged(client: BenchClient, app: BenchApp): Promise<void> {
  const every = async () => {
    const list: readonly BenchPackage[] = await client.call('GET', `/api/1/apps/${app.name}/packages`);
    return list.every(({ TagStatus }) => TagStatus === 'Done');
  };
  // Seldom: to ask is not to take from those who work.
  while (!(await every())) await setTimeout(250);
}

/** Asks for so many builds at once. @returns their ids */
export function startMany({ client }: BenchServer, app: BenchApp, count: number): Promise<readonly string[]> {
  const one = () => client.start(app.name, { Revision: app.revisions[0], Version: nextVersion() });
  return Promise.all(Array.from({ length: count }, one));
}

/** The status of each package of an app. */
export async function listStatuses({ client }: BenchServer, app: BenchApp): Promise<ReadonlyMap<string, string>> {
  const list: readonly BenchPackage[] = await client.call('GET', `/api/1/apps/${app.name}/packages`);
  return new Map(list.map(({ PackageId, Status }) => [PackageId, Status]));
}

function nextVersion(): string {
  versions += 1;
  return `1.0.${versions}`;
}
