import { join } from 'node:path';
import { noise, sourceText } from '../support/made-content.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { type BenchApp, type BenchServer, createApp, makeBenchRepository, startBenchServer } from './bench-server.ts';
import { median, runProgram, timeMs } from './measure.ts';
import type { Bench, Row } from './row.ts';

const TEXTS = 1500;
const TEXT_BYTES = 20_000;
const IMAGES = 500;
const IMAGE_BYTES = 64_000;
const CHANGED = 40;
const ROUNDS = 4;

/** How long a package of many files takes: with nothing known of them, and when few have changed since the last one. */
export async function measurePackaging(bench: Bench): Promise<readonly Row[]> {
  bench.say('packages of 2,000 files');
  const server = await startBenchServer(bench);
  const made = await makeBenchRepository(bench, makeRevisions());
  const zip = join(await temporaryFolder(bench), 'reference.zip');
  const times = { first: [] as number[], next: [] as number[], git: [] as number[] };
  for (let round = 0; round <= ROUNDS; round += 1) {
    // Members are kept for each app: another app knows none of them.
    const app = { name: `files-${round}`, ...made };
    await createApp(server, app.name, app.repository);
    const [first, ...next] = await buildEach(server, app);
    const git = await timeMs(() => archive(app, zip));
    // The first round warms up.
    if (round === 0 || first === undefined) continue;
    times.first.push(first);
    times.next.push(median(next));
    times.git.push(git);
  }
  const reference = { title: '`git archive --format=zip`', figure: median(times.git) };
  return [
    {
      title: 'package of 2,000 files, 62 MB, the first time',
      unit: 'ms',
      figure: median(times.first),
      reference,
      goal: { of: 'ratio', is: 'at most', value: 0.45 },
    },
    {
      title: `the next revision, ${CHANGED} files changed`,
      unit: 'ms',
      figure: median(times.next),
      reference,
      goal: { of: 'ratio', is: 'at most', value: 0.1 },
    },
  ];
}

/** Builds each revision of an app, one after the other. @returns how long each took in the worker, claim to Succeeded */
async function buildEach({ client }: BenchServer, app: BenchApp): Promise<readonly number[]> {
  const times: number[] = [];
  for (const [at, Revision] of app.revisions.entries()) {
    const id = await client.start(app.name, { Revision, Version: `1.0.${at}` });
    const { DurationMs } = await client.finish(app.name, id);
    times.push(DurationMs ?? Number.NaN);
  }
  return times;
}

async function archive({ repository, revisions }: BenchApp, file: string): Promise<void> {
  await runProgram('git', ['-C', repository.path, 'archive', '--format=zip', '-o', file, revisions[0]]);
}

/** A first revision with every file, and three more that each change a few. */
function makeRevisions(): readonly Readonly<Record<string, Buffer>>[] {
  const texts = Array.from({ length: TEXTS }, (_, at) => textFile(at, 0));
  const images = Array.from(
    { length: IMAGES },
    (_, at) => [`theme/${at % 10}/${at}.png`, noise(IMAGE_BYTES, `${at}`)] as const,
  );
  const changes = [1, 2, 3].map((revision) => Array.from({ length: CHANGED }, (_, at) => textFile(at * 31, revision)));
  return [[...texts, ...images], ...changes].map((files) => Object.fromEntries(files));
}

function textFile(at: number, revision: number): readonly [string, Buffer] {
  return [`modules/${at % 40}/unit-${at}.js`, sourceText(TEXT_BYTES, `${at} ${revision}`)];
}
