import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { makeTestRepository } from '../support/git.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { createApp, startBenchServer } from './bench-server.ts';
import { runProgram } from './measure.ts';
import type { Bench, Row } from './row.ts';
import { readPeakMiB } from './upload.ts';

const GIGABYTES = 3;

/** How much memory a server takes at most while one content of several gigabytes passes through it. */
export async function measureLarge(bench: Bench): Promise<readonly Row[]> {
  bench.say(`a content of ${GIGABYTES} GB`);
  const server = await startBenchServer(bench);
  const { repository, revision } = await makeLargeRepository(bench);
  await createApp(server, 'large', repository);
  const id = await server.client.start('large', { Revision: revision, Version: '1.0.0' });
  await server.client.finish('large', id);
  return [
    {
      title: `most memory (RSS) of a server that has packed a content of ${GIGABYTES} GB`,
      unit: 'MiB',
      figure: await readPeakMiB(server.pid),
      goal: { of: 'figure', is: 'at most', value: 300 },
    },
  ];
}

/** The content is a file without data, which costs the disk nothing. */
async function makeLargeRepository(bench: Bench) {
  const folder = await temporaryFolder(bench);
  const repository = await makeTestRepository(join(folder, 'source.git'), { mainBranch: 'main' });
  const file = join(folder, 'large.bin');
  const handle = await open(file, 'w');
  await handle.truncate(GIGABYTES * 1e9);
  await handle.close();
  const id = (await runProgram('git', ['-C', repository.path, 'hash-object', '-w', file])).trim();
  const tree = (await repository.git(['mktree'], `100644 blob ${id}\tlarge.bin\n`)).trim();
  const revision = (await repository.git(['commit-tree', tree, '-m', 'A large file'])).trim();
  await repository.git(['update-ref', 'refs/heads/main', revision]);
  return { repository, revision };
}
