import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { localFailure } from './git-failure.ts';
import type { GitSettings } from './git-settings.ts';
import { type GitOutcome, runGit } from './run-git.ts';

/** Which address the branches in a mirror came from: its hash, since an address may hold a password. */
const ADDRESS_FILE = 'slipway-address';
const FETCH_FILE = 'slipway-fetch';

export type ObjectFormat = 'sha1' | 'sha256';

/** Makes an empty bare mirror. It is there whole or not at all, and holds no hooks. */
export async function createMirrorFolder(
  settings: GitSettings,
  gitDir: string,
  format: ObjectFormat,
  signal: AbortSignal,
): Promise<void> {
  const unfinished = `${gitDir}.new-${randomUUID()}`;
  await mkdir(dirname(gitDir), { recursive: true, mode: 0o700 });
  try {
    const args = ['init', '--quiet', '--bare', '--template=', `--object-format=${format}`, '--', unfinished];
    const outcome = await runGit(settings, { args, timeoutMs: settings.localTimeoutMs, signal });
    if (outcome.code !== 0) throw localFailure(outcome, 'make it');
    await rename(unfinished, gitDir);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

/** The kind of ids in a mirror; undefined where there is no mirror. */
export async function findObjectFormat(gitDir: string): Promise<ObjectFormat | undefined> {
  const config = await readSmall(gitDir, 'config');
  if (config === '') return undefined;
  return /^\s*objectformat\s*=\s*sha256\s*$/im.test(config) ? 'sha256' : 'sha1';
}

/** Ends a fetch that outlived the server that started it, and deletes what killed git processes left lying about. */
export async function cleanMirrorFolder(gitDir: string): Promise<void> {
  await endOrphan(gitDir);
  for (const folder of [gitDir, join(gitDir, 'objects'), join(gitDir, 'objects', 'info')]) await deleteLocks(folder);
  await deleteLocks(join(gitDir, 'refs'), true);
  await deleteMatching(join(gitDir, 'objects'), /^(?:incoming-|tmp_objdir-|tmp_tag-)/);
  await deleteMatching(join(gitDir, 'objects', 'pack'), /^(?:tmp_|\.tmp-)/);
  for (const folder of ['tmp', 'incomplete']) await deleteMatching(join(gitDir, 'lfs', folder), /./);
}

/**
 * Moves the packs of one mirror into another, so that running processes find each of them whole, and new ones look into
 * them first.
 */
export async function movePacks(from: string, to: string): Promise<void> {
  const names = await readdir(join(from, 'objects', 'pack'));
  const old = await readdir(join(to, 'objects', 'pack'));
  // Git looks into the youngest pack first, and believes what any of them says of an object's type.
  for (const name of old) if (name.endsWith('.pack')) await utimes(join(to, 'objects', 'pack', name), 0, 0);
  // Git takes a pack for there when it sees its index.
  const inOrder = names.sort((a, b) => Number(a.endsWith('.idx')) - Number(b.endsWith('.idx')));
  for (const name of inOrder) await rename(join(from, 'objects', 'pack', name), join(to, 'objects', 'pack', name));
}

async function deleteLocks(folder: string, recursive = false): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true, recursive }).catch(() => [])) {
    if (entry.isFile() && entry.name.endsWith('.lock')) await rm(join(entry.parentPath, entry.name), { force: true });
  }
}

async function deleteMatching(folder: string, pattern: RegExp): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    if (pattern.test(name)) await rm(join(folder, name), { recursive: true, force: true });
  }
}

/**
 * Notes the process group of a fetch, for {@link cleanMirrorFolder}, while it runs. Where the note cannot be written the
 * fetch goes on: what goes wrong with the disk it says better itself.
 */
export async function whileFetching(
  gitDir: string,
  fetch: (onStart: (pid: number) => void) => Promise<GitOutcome>,
): Promise<GitOutcome> {
  let noted: Promise<void> = Promise.resolve();
  try {
    return await fetch((pid) => {
      noted = writeSmall(gitDir, FETCH_FILE, String(pid)).catch(() => undefined);
    });
  } finally {
    await noted;
    await rm(join(gitDir, FETCH_FILE), { force: true });
  }
}

async function endOrphan(gitDir: string): Promise<void> {
  const pid = Number(await readSmall(gitDir, FETCH_FILE));
  await rm(join(gitDir, FETCH_FILE), { force: true });
  if (!Number.isSafeInteger(pid) || pid <= 1) return;
  // The id may belong to somebody else by now: only a process of this mirror is ended. Linux alone tells.
  const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
  if (!environment.split('\0').includes(`GIT_DIR=${gitDir}`)) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}

/** Whether the branches in a mirror came from this address. */
export async function isMirrorOf(gitDir: string, url: string): Promise<boolean> {
  return (await readSmall(gitDir, ADDRESS_FILE)) === digest(url);
}

/** To be called once the branches of this address have been fetched. */
export async function noteAddress(gitDir: string, url: string): Promise<void> {
  await writeSmall(gitDir, ADDRESS_FILE, digest(url));
}

/** The branch the mirror's HEAD names, as the remote's did. */
export async function readHeadBranch(gitDir: string): Promise<string | undefined> {
  return /^ref: refs\/heads\/(.+)$/.exec(await readSmall(gitDir, 'HEAD'))?.[1];
}

export async function writeHeadBranch(gitDir: string, branch: string): Promise<void> {
  await writeSmall(gitDir, 'HEAD', `ref: refs/heads/${branch}`);
}

function digest(url: string): string {
  return createHash('sha256').update(url).digest('hex');
}

async function readSmall(gitDir: string, name: string): Promise<string> {
  const text = await readFile(join(gitDir, name), 'utf8').catch(() => '');
  return text.trim();
}

async function writeSmall(gitDir: string, name: string, text: string): Promise<void> {
  const unfinished = join(gitDir, `${name}.${randomUUID()}.lock`);
  const file = await open(unfinished, 'w', 0o600);
  try {
    await file.writeFile(`${text}\n`);
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(unfinished, join(gitDir, name));
}
