import { findGitPrograms, findSvn, OLDEST_GIT } from '../repository/git-programs.ts';
import type { Finding } from './finding.ts';

/** `--password-from-stdin` came with it. */
const OLDEST_SVN = '1.10.0';
/** How to get svn, in words of a sentence. */
export const INSTALL_SVN = `'apt-get install subversion', ${OLDEST_SVN} or newer`;
const OLDEST_NODE = '24.0.0';

/** @param version without `v` */
export function checkNode(version: string): Finding {
  if (isAtLeast(version, OLDEST_NODE)) return { name: 'Node.js', state: 'ok', found: version };
  const advice = 'Install Node.js 24 from https://nodejs.org/, or the optional dependencies of this package.';
  return { name: 'Node.js', state: 'missing', found: `${version} is too old`, advice };
}

/** @param path where programs are looked for: a PATH */
export async function checkGit(path: string): Promise<Finding> {
  const { git } = await findGitPrograms(path);
  const advice = `Install git ${OLDEST_GIT} or newer: 'apt-get install git', or https://git-scm.com/downloads.`;
  if (git === undefined) return { name: 'git', state: 'missing', found: 'not found', advice };
  if (!isAtLeast(git, OLDEST_GIT)) return { name: 'git', state: 'missing', found: `${git} is too old`, advice };
  return { name: 'git', state: 'ok', found: git };
}

export async function checkGitLfs(path: string): Promise<Finding> {
  const { gitLfs } = await findGitPrograms(path);
  if (gitLfs !== undefined) return { name: 'git-lfs', state: 'ok', found: gitLfs };
  const advice =
    "Only needed to build repositories that use Git LFS: 'apt-get install git-lfs', or https://git-lfs.com/.";
  return { name: 'git-lfs', state: 'note', found: 'not found', advice };
}

export async function checkSvn(path: string): Promise<Finding> {
  const svn = await findSvn(path);
  const advice = `Only needed to build Subversion repositories: ${INSTALL_SVN}.`;
  if (svn === undefined) return { name: 'subversion', state: 'note', found: 'not found', advice };
  if (!isAtLeast(svn, OLDEST_SVN)) return { name: 'subversion', state: 'note', found: `${svn} is too old`, advice };
  return { name: 'subversion', state: 'ok', found: svn };
}

/** Compares dotted numbers part by part. */
export function isAtLeast(version: string, oldest: string): boolean {
  const parts = version.split('.').map(Number);
  for (const [index, wanted] of oldest.split('.').map(Number).entries()) {
    const part = parts[index] ?? 0;
    if (part !== wanted) return part > wanted;
  }
  return true;
}
