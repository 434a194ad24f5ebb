import { addTrivialApp, type BenchServer, startBenchServer } from '../bench-server.ts';
import { inTurn } from '../measure.ts';
import type { Bench, Row } from '../row.ts';
import { callsPerSecond } from '../status.ts';
import { startBenchCluster } from './bench-cluster.ts';
import type { SharedStores } from './shared-stores.ts';

/** How many status calls one server and two servers answer. */
export async function measureSharedStatus(bench: Bench, stores: SharedStores): Promise<readonly Row[]> {
  bench.say('status calls of one and two servers');
  const embedded = await startBenchServer(bench);
  const { servers } = await startBenchCluster(bench, stores, { servers: 2, workers: 1 });
  const path = await makePackage(bench, embedded);
  const sharedPath = await makePackage(bench, servers[0]);
  const sides = {
    embedded: () => callsPerSecond(embedded, path),
    one: () => callsPerSecond(servers[0], sharedPath),
    two: async () => {
      const figures = await Promise.all(servers.map((server) => callsPerSecond(server, sharedPath)));
      return figures.reduce((sum, figure) => sum + figure, 0);
    },
  };
  await inTurn(1, sides);
  const { embedded: alone, one, two } = await inTurn(5, sides);
  return [
    {
      title: 'status call, 16 connections, one server on PostgreSQL',
      unit: '/s',
      figure: one,
      reference: { title: 'embedded', figure: alone },
    },
    {
      title: 'status call, 16 connections to each of two servers',
      unit: '/s',
      figure: two,
      reference: { title: 'one server', figure: one },
    },
  ];
}

async function makePackage(bench: Bench, server: BenchServer): Promise<string> {
  const app = await addTrivialApp(bench, server);
  const id = await server.client.start(app.name, { Revision: app.revisions[0], Version: '1.0.0' });
  await server.client.finish(app.name, id);
  return `/api/1/apps/${app.name}/packages/${id}`;
}
