import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sourceText } from '../support/made-content.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { type BenchApp, type BenchServer, createApp, makeBenchRepository, startBenchServer } from './bench-server.ts';
import { inTurn, median, runProgram, timeMs } from './measure.ts';
import type { Bench, Row } from './row.ts';

const FILES = 2000;
const FILE_BYTES = 20_000;
const COMMAND = 'mkdir dist && find modules -type f -print0 | xargs -0 sha256sum > dist/sums.txt';

/** What a script build costs beside its command: one that does nothing, and one that reads a tree of many files. */
export async function measureScript(bench: Bench): Promise<readonly Row[]> {
  bench.say('script builds');
  const server = await startBenchServer(bench);
  const small = await addScriptApp(bench, server, 'small', 'true', { 'dist/app.txt': 'app\n' });
  const large = await addScriptApp(bench, server, 'large', COMMAND, makeFiles());
  const folder = await temporaryFolder(bench);
  const bare = () => timeMs(() => runProgram('sh', ['-ec', 'true']));
  const nothing = { ours: () => buildMs(server, small, 5), bare };
  await inTurn(2, nothing);
  const one = await inTurn(7, nothing);
  const reading = { ours: () => buildMs(server, large, 1), bare: () => timeMs(() => buildByHand(large, folder)) };
  await inTurn(1, reading);
  const many = await inTurn(5, reading);
  return [
    {
      title: 'script build whose only step is `true`, in bubblewrap',
      unit: 'ms',
      figure: one.ours,
      reference: { title: '`sh -c true`, bare', figure: one.bare },
      goal: { of: 'figure', is: 'at most', value: 50 },
    },
    {
      title: `script build that reads ${FILES.toLocaleString('en')} files, 40 MB`,
      unit: 'ms',
      figure: many.ours,
      reference: { title: '`git checkout`, the bare command, `zip`, `rm`', figure: many.bare },
      goal: { of: 'ratio', is: 'at most', value: 1 },
    },
  ];
}

async function addScriptApp(
  bench: Bench,
  server: BenchServer,
  name: string,
  command: string,
  files: Readonly<Record<string, string | Buffer>>,
): Promise<BenchApp> {
  const build = JSON.stringify({ build: { run: command, package: 'dist' } });
  const made = await makeBenchRepository(bench, [{ 'slipway.yml': build, ...files }]);
  await createApp(server, name, made.repository);
  return { name, ...made };
}

function makeFiles(): Readonly<Record<string, Buffer>> {
  const path = (at: number) => `modules/${at % 40}/unit-${at}.js`;
  return Object.fromEntries(Array.from({ length: FILES }, (_, at) => [path(at), sourceText(FILE_BYTES, `${at}`)]));
}

let versions = 0;

/** The median of so many builds, one after the other, in the worker: claim to Succeeded. */
async function buildMs({ client }: BenchServer, app: BenchApp, count: number): Promise<number> {
  const times: number[] = [];
  for (let at = 0; at < count; at += 1) {
    versions += 1;
    const id = await client.start(app.name, { Revision: app.revisions[0], Version: `1.0.${versions}` });
    times.push((await client.finish(app.name, id)).DurationMs ?? Number.NaN);
  }
  return median(times);
}

/** What a script would do without a build server, and without a sandbox. */
async function buildByHand({ repository, revisions }: BenchApp, folder: string): Promise<void> {
  const tree = join(folder, 'tree');
  await mkdir(tree);
  const git = ['--git-dir', repository.path, '--work-tree', tree];
  await runProgram('git', [...git, 'checkout', '--force', revisions[0], '--', '.']);
  const zip = 'cd dist && zip -qr ../../package.zip .';
  await runProgram('sh', ['-ec', `cd '${tree}' && ${COMMAND} && (${zip})`]);
  await rm(tree, { recursive: true });
  await rm(join(folder, 'package.zip'));
}
