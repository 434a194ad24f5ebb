import { randomUUID } from 'node:crypto';
import { access, mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { GitSettings } from './git/git-settings.ts';
import { runGit } from './git/run-git.ts';
import { RepositoryError } from './repository.ts';
import { fastImportStream, SAMPLE_HISTORY } from './sample-history.ts';

export interface SampleRepository {
  /** Full hash of the head of the main line. */
  readonly mainRevision: string;
  /** Full hash of the head of the branch `feature`. */
  readonly featureRevision: string;
}

/**
 * Makes the bare sample repository at `path`, where it is not there yet: the same history with the same hashes every
 * time, there whole or not at all.
 *
 * @param environment where git is found (PATH) and what its HOME is
 * @throws RepositoryError when git cannot be started or fails
 */
export async function makeSampleRepository(
  path: string,
  environment: { readonly path: string; readonly home: string },
  signal: AbortSignal,
): Promise<SampleRepository> {
  const git = (gitDir: string | undefined, args: readonly string[], input?: string) =>
    runSampleGit(environment, { args, ...(gitDir === undefined ? {} : { gitDir }), ...(input && { input }) }, signal);
  if (!(await exists(path))) {
    const unfinished = `${path}.new-${randomUUID()}`;
    await mkdir(dirname(path), { recursive: true });
    try {
      await git(undefined, ['init', '--quiet', '--bare', '--initial-branch=main', '--template=', '--', unfinished]);
      await git(unfinished, ['fast-import', '--quiet'], fastImportStream(SAMPLE_HISTORY));
      await rename(unfinished, path);
    } finally {
      await rm(unfinished, { recursive: true, force: true });
    }
  }
  const heads = await git(path, ['rev-parse', 'refs/heads/main', 'refs/heads/feature']);
  const [mainRevision = '', featureRevision = ''] = heads.split('\n');
  return { mainRevision, featureRevision };
}

async function runSampleGit(
  environment: { readonly path: string; readonly home: string },
  run: { readonly args: readonly string[]; readonly gitDir?: string; readonly input?: string },
  signal: AbortSignal,
): Promise<string> {
  const settings: GitSettings = {
    ...environment,
    globalConfig: '/dev/null',
    privateFolder: '/nonexistent',
    extraEnvironment: {},
    connectTimeoutMs: 10_000,
    fetchTimeoutMs: 10_000,
    localTimeoutMs: 10_000,
  };
  const outcome = await runGit(settings, { ...run, timeoutMs: settings.localTimeoutMs, signal }).catch((cause) => {
    throw new RepositoryError('unreachable', "git could not be started. 'slipway doctor' says what is missing.", {
      cause,
    });
  });
  if (outcome.code === 0) return outcome.stdout;
  throw new RepositoryError('refused', `git ${run.args[0]} failed: ${outcome.stderr.trim()}`);
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
