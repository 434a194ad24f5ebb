import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sourceText } from '../support/made-content.ts';
import { makeSvnRepository } from '../support/svn.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { startBenchServer } from './bench-server.ts';
import { inTurn, runProgram, timeMs } from './measure.ts';
import type { Bench, Row } from './row.ts';

const FILES = 2000;
const FILE_BYTES = 20_000;
const ROUNDS = 5;

/** How long a package of the next revision of a Subversion repository takes, of which one file has changed. */
export async function measureSvn(bench: Bench): Promise<readonly Row[]> {
  bench.say('next revisions of a Subversion repository');
  const server = await startBenchServer(bench);
  const folder = await temporaryFolder(bench);
  const repository = await makeSvnRepository(join(folder, 'source'));
  const path = (at: number) => `modules/${at % 40}/unit-${at}.js`;
  const text = (at: number, revision: number) => sourceText(FILE_BYTES, `${at} ${revision}`);
  await repository.commit(
    'trunk',
    Object.fromEntries(Array.from({ length: FILES }, (_, at) => [path(at), text(at, 0)])),
  );
  await server.client.call('POST', '/manage/1/apps', { AppId: 'legacy', Repository: repository.path });
  let revision = '1';
  const build = async () => {
    const id = await server.client.start('legacy', { Revision: revision, Version: `1.0.${revision}` });
    return (await server.client.finish('legacy', id)).DurationMs ?? Number.NaN;
  };
  const next = async () => {
    const at = (Number(revision) * 31) % FILES;
    revision = await repository.commit('trunk', { [path(at)]: text(at, Number(revision)) });
    return await build();
  };
  const byHand = () => timeMs(() => exportAndZip(`${repository.url}/trunk@${revision}`, folder));
  await build();
  const { ours, bare } = await inTurn(ROUNDS, { ours: next, bare: byHand });
  return [
    {
      title: `the next revision of ${FILES.toLocaleString('en')} files, 40 MB, in Subversion, one changed`,
      unit: 'ms',
      figure: ours,
      reference: { title: '`svn export`, `zip`', figure: bare },
      goal: { of: 'ratio', is: 'at most', value: 0.25 },
    },
  ];
}

/** What a script would do without a build server. */
async function exportAndZip(source: string, folder: string): Promise<void> {
  const tree = join(folder, 'tree');
  await runProgram('svn', ['export', '--quiet', '--non-interactive', source, tree]);
  await runProgram('sh', ['-ec', `cd '${tree}' && zip -qr ../package.zip .`]);
  await rm(tree, { recursive: true });
  await rm(join(folder, 'package.zip'));
}
