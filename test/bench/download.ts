import { glob } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { noise } from '../support/made-content.ts';
import type { BenchPackage } from './bench-client.ts';
import { createApp, makeBenchRepository, startBenchServer } from './bench-server.ts';
import { inTurn, runProgram } from './measure.ts';
import type { Bench, Row } from './row.ts';
import { startNginx } from './start-reference.ts';

const FILES = 16;
const FILE_BYTES = 4 * 1024 * 1024;

/** How fast one client gets a large package by its link. */
export async function measureDownload(bench: Bench): Promise<readonly Row[]> {
  bench.say('downloads');
  const server = await startBenchServer(bench);
  const files = Array.from({ length: FILES }, (_, at) => [`data/${at}.bin`, noise(FILE_BYTES, `${at}`)] as const);
  const app = await makeBenchRepository(bench, [Object.fromEntries(files)]);
  await createApp(server, 'large', app.repository);
  const id = await server.client.start('large', { Revision: app.revisions[0], Version: '1.0.0' });
  await server.client.finish('large', id);
  const made: BenchPackage = await server.client.call('GET', `/api/1/apps/large/packages/${id}?url=true`);
  const file = await findPackageFile(join(server.dataFolder, 'packages'), id);
  const reference = (await startNginx(bench, dirname(file))) + file.slice(dirname(file).length + 1);
  const link = made.Url?.Location ?? '';
  const measure = { ours: () => megabytesPerSecond(link), nginx: () => megabytesPerSecond(reference) };
  await inTurn(3, measure);
  const { ours, nginx } = await inTurn(25, measure);
  return [
    {
      title: `download of a package of ${Math.round(made.Size / 1e6)} MB by its signed link, one client`,
      unit: 'MB/s',
      figure: ours,
      reference: { title: 'nginx with sendfile, the same file', figure: nginx },
      goal: { of: 'ratio', is: 'at least', value: 1 },
    },
  ];
}

async function findPackageFile(folder: string, packageId: string): Promise<string> {
  for await (const path of glob(`*/${packageId}.*`, { cwd: folder })) return join(folder, path);
  throw new Error(`There is no file of package ${packageId}.`);
}

async function megabytesPerSecond(url: string): Promise<number> {
  const output = await runProgram('curl', ['-sSf', '-o', '/dev/null', '-w', '%{speed_download}', url]);
  return Number(output) / 1e6;
}
