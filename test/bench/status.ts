import { addTrivialApp, type BenchServer, headersOf, startBenchServer } from './bench-server.ts';
import { inTurn } from './measure.ts';
import type { Bench, Row } from './row.ts';
import { startBareHttp } from './start-reference.ts';
import { wrkPerSecond } from './wrk.ts';

const SECONDS = 3;

/** How many status calls are answered in a second. */
export async function measureStatus(bench: Bench): Promise<readonly Row[]> {
  bench.say('status calls');
  const server = await startBenchServer(bench);
  const app = await addTrivialApp(bench, server);
  const id = await server.client.start(app.name, { Revision: app.revisions[0], Version: '1.0.0' });
  await server.client.finish(app.name, id);
  const path = `/api/1/apps/${app.name}/packages/${id}`;
  const bare = await startBareHttp(bench, JSON.stringify(await server.client.call('GET', path)));
  const measure = { ours: () => callsPerSecond(server, path), bare: () => wrkPerSecond(bare, {}, SECONDS) };
  await inTurn(1, measure);
  const { ours, bare: reference } = await inTurn(5, measure);
  return [
    {
      title: 'status call, 16 connections, key checked',
      unit: '/s',
      figure: ours,
      reference: { title: 'bare node:http, the same JSON each time', figure: reference },
      goal: { of: 'figure', is: 'at least', value: 24_000 },
    },
  ];
}

/** Calls of one address that are answered in a second, with the key of the admin. */
export function callsPerSecond(server: BenchServer, path: string, seconds = SECONDS): Promise<number> {
  return wrkPerSecond(server.url + path, headersOf(server.admin), seconds);
}
