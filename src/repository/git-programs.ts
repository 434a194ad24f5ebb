import { execFile } from 'node:child_process';

/** Versions of the programs that repositories are read with, as they name themselves. */
export interface GitPrograms {
  /** `2.39.5`; undefined where git cannot be started. */
  readonly git: string | undefined;
  readonly gitLfs: string | undefined;
}

/** `git cat-file --batch-command` came with it. */
export const OLDEST_GIT = '2.36.0';

/** @param path where to look: a PATH */
export async function findGitPrograms(path: string): Promise<GitPrograms> {
  const [git, gitLfs] = await Promise.all([
    findVersion(path, ['--version'], /git version (\d+\.\d+(?:\.\d+)?)/),
    findVersion(path, ['lfs', 'version'], /git-lfs\/(\d+\.\d+\.\d+)/),
  ]);
  return { git, gitLfs };
}

/** The version of `svn`; undefined where it cannot be started. @param path where to look: a PATH */
export async function findSvn(path: string): Promise<string | undefined> {
  return await findVersion(path, ['--version', '--quiet'], /^(\d+\.\d+\.\d+)/, 'svn');
}

function findVersion(
  path: string,
  args: readonly string[],
  pattern: RegExp,
  program = 'git',
): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  execFile(program, [...args], { env: { PATH: path }, timeout: 10_000 }, (error, stdout) => {
    resolve(error === null ? pattern.exec(stdout)?.[1] : undefined);
  });
  return promise;
}
