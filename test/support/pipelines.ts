import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from './temporary-folder.ts';

const PIPELINES = fileURLToPath(new URL('../end-to-end/pipelines', import.meta.url));
/** The hosts of the hosted service. */
const HOSTS = /\b(?:deploy\.mendix\.com|repository\.api\.mendix\.com)\b/g;

/** A script that polls for ever is ended then. */
const DEADLINE_MS = 120_000;

/** What happens to an app before or while a pipeline runs. */
export type Situation =
  | 'deploys'
  | 'nothing-new'
  | 'failed-build'
  | 'wrong-key'
  | 'wrong-token'
  | 'does-not-start'
  | 'package-in-use';

/** A pipeline as somebody has written it for the hosted service: a folder of test/end-to-end/pipelines. */
export interface Pipeline {
  readonly name: string;
  /** The program and the file in the folder. */
  readonly run: readonly [program: string, file: string];
  /** Of the packages it makes, where the test looks at it. */
  readonly description?: string;
  /** How it ends in the situations it knows: its exit code, and what it prints, among other things. */
  readonly outcomes: Readonly<
    Partial<Record<Situation, { readonly code: number; readonly output: readonly string[] }>>
  >;
}

export async function listPipelines(situation: Situation): Promise<readonly Pipeline[]> {
  const names = (await readdir(PIPELINES)).toSorted();
  const pipelines = await Promise.all(names.map(readPipeline));
  return pipelines.filter(({ outcomes }) => outcomes[situation] !== undefined);
}

async function readPipeline(name: string): Promise<Pipeline> {
  return { name, ...JSON.parse(await readFile(join(PIPELINES, name, 'scenario.json'), 'utf8')) };
}

/** How a pipeline ended. */
export interface PipelineOutcome {
  readonly code: number | null;
  /** What it printed, and what it complained of. */
  readonly output: string;
}

/**
 * Runs a pipeline as it stands but for the host, in a folder of its own.
 *
 * @param url of the server that takes the place of the hosted service
 * @param variables its environment, besides PATH
 */
export async function runPipeline(
  test: { after(work: () => unknown): void },
  { name, run: [program, file] }: Pipeline,
  url: string,
  variables: Readonly<Record<string, string>>,
): Promise<PipelineOutcome> {
  const folder = await temporaryFolder(test);
  const written = await readFile(join(PIPELINES, name, file), 'utf8');
  assert.match(written, /https:\/\/deploy\.mendix\.com|HTTPSConnection\("deploy\.mendix\.com"\)/);
  await writeFile(join(folder, file), written.replaceAll(HOSTS, new URL(url).host));
  const env = { PATH: process.env.PATH, HOME: folder, PYTHONUNBUFFERED: '1', POLL_SECONDS: '0.2', ...variables };
  const command = program === 'node' ? process.execPath : program;
  const child = spawn('sh', ['-c', 'exec "$0" "$1" 2>&1', command, file], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: DEADLINE_MS,
    killSignal: 'SIGKILL',
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const output = await text(child.stdout);
  return { code: await ended, output };
}

/** Holds how a pipeline ended against what its folder says. */
export function assertOutcome({ outcomes }: Pipeline, situation: Situation, { code, output }: PipelineOutcome): void {
  const expected = outcomes[situation];
  assert.equal(code, expected?.code, output);
  for (const part of expected?.output ?? []) assert.ok(output.includes(part), `'${part}' is not there:\n${output}`);
}
