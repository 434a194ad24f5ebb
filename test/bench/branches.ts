import { join } from 'node:path';
import { makeTestRepository, type TestRepository } from '../support/git.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { createApp, startBenchServer } from './bench-server.ts';
import { median, timeMs } from './measure.ts';
import type { Bench, Row } from './row.ts';

const COMMITS = 100_000;
const BRANCHES = 500;
const APP = 'large';
const ROUNDS = 5;

/** How long the list of many branches of a long history takes: the first time, and after one more commit. */
export async function measureBranches(bench: Bench): Promise<readonly Row[]> {
  bench.say(`a list of ${BRANCHES} branches`);
  const repository = await makeHistory(bench);
  const first = await startBenchServer(bench);
  await createApp(first, APP, repository);
  bench.say('the first fetch');
  await first.client.call('GET', `/api/1/apps/${APP}/branches/main`);
  await first.end('SIGTERM');
  const server = await startBenchServer(bench, first.dataFolder);
  const list = () => server.client.call('GET', `/api/1/apps/${APP}/branches`);
  const cold = await timeMs(list);
  const ours: number[] = [];
  const walks: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    await repository.git(['fast-import', '--quiet'], commit('refs/heads/main', `more ${round}`, 'refs/heads/main^0'));
    ours.push(await timeMs(list));
    walks.push(await timeMs(() => repository.git(['rev-list', '--count', 'main'])));
  }
  const reference = { title: '`git rev-list --count`, one branch', figure: median(walks) };
  return [
    {
      title: `list of ${BRANCHES} branches, ${COMMITS.toLocaleString('en')} commits, after a restart`,
      unit: 'ms',
      figure: cold,
      reference,
      goal: { of: 'ratio', is: 'at most', value: 5 },
    },
    {
      title: 'the same after one more commit',
      unit: 'ms',
      figure: median(ours),
      reference,
      goal: { of: 'ratio', is: 'at most', value: 1 },
    },
  ];
}

async function makeHistory(bench: Bench): Promise<TestRepository> {
  const folder = await temporaryFolder(bench);
  const repository = await makeTestRepository(join(folder, 'source.git'), { mainBranch: 'main' });
  const apart = Math.floor(COMMITS / BRANCHES);
  const parts: string[] = [];
  for (let at = 0; at < COMMITS; at += 1) {
    parts.push(commit('refs/heads/main', `${at}`));
    if (at % apart === apart - 1) {
      const branch = `refs/heads/branch-${Math.floor(at / apart)}`;
      parts.push(commit(branch, `${at} beside`, 'refs/heads/main'));
    }
  }
  await repository.git(['fast-import', '--quiet'], parts.join(''));
  return repository;
}

let seconds = 1_767_261_600;

function commit(ref: string, message: string, from?: string): string {
  seconds += 60;
  const who = `Richard Ford <richard.ford@example.com> ${seconds} +0000`;
  const start = from === undefined ? '' : `from ${from}\n`;
  const file = `M 100644 inline text/${seconds % 50}.txt\n${data(message)}`;
  return `commit ${ref}\nauthor ${who}\ncommitter ${who}\n${data(message)}${start}${file}\n`;
}

function data(text: string): string {
  return `data ${Buffer.byteLength(text)}\n${text}\n`;
}
