import { createHash, hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { link, lstat, mkdir, readdir, readFile, readlink, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { quote } from '../../domain/refusal.ts';
import { codeOf } from '../../files/file-errors.ts';
import { sortByPath } from '../path-order.ts';
import { RepositoryError } from '../repository.ts';
import type { CopyIndex, IndexedFile } from './export-index.ts';
import { isBelow } from './svn-properties.ts';
import type { Updated } from './update-working-copy.ts';

/** Larger files are not read into memory. */
const READ_WHOLE_BYTES = 4 * 1024 * 1024;
const AT_ONCE = 8;

/**
 * Looks at the files of a working copy, and takes the contents that are new into a folder of contents, by hard links: svn
 * never writes into a file that is there.
 *
 * @param known what the last scan of it gave
 * @param changes all that may be different since; undefined to look at every file
 * @param contents where a content is kept under its id
 */
export async function scanWorkingCopy(
  folder: string,
  known: CopyIndex | undefined,
  { changes, properties }: Updated,
  contents: ContentFolder,
  signal: AbortSignal,
): Promise<readonly IndexedFile[]> {
  const before = new Map(known?.files.map((file) => [file.path, file]));
  if (known === undefined || changes === undefined) {
    const paths = await listPaths(folder, '', signal);
    return sortByPath(await scanFiles(folder, paths, before, contents, signal));
  }
  // Keywords come out differently in files that svn does not speak of.
  const suspects = new Set([...changes.touched, ...properties.withKeywords]);
  const files = await scanFiles(folder, suspects, before, contents, signal);
  const found = new Map(files.map((file) => [file.path, file]));
  const isGone = (path: string) => suspects.has(path) || isBelow(path, changes.removed);
  const kept = known.files.flatMap((file) => found.get(file.path) ?? (isGone(file.path) ? [] : [file]));
  const added = files.filter(({ path }) => !before.has(path));
  return sortByPath([...kept, ...added]);
}

async function scanFiles(
  folder: string,
  paths: Iterable<string>,
  known: ReadonlyMap<string, IndexedFile>,
  contents: ContentFolder,
  signal: AbortSignal,
): Promise<readonly IndexedFile[]> {
  const files: IndexedFile[] = [];
  const left = paths[Symbol.iterator]();
  const work = async () => {
    for (let next = left.next(); next.done !== true; next = left.next()) {
      signal.throwIfAborted();
      const file = await scanFile(folder, next.value, known.get(next.value), contents);
      if (file !== undefined) files.push(file);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return files;
}

/** Where contents are kept. */
export interface ContentFolder {
  pathOf(contentId: string): string;
}

async function listPaths(folder: string, below: string, signal: AbortSignal): Promise<readonly string[]> {
  signal.throwIfAborted();
  const entries = await readdir(join(folder, below), { withFileTypes: true });
  const lists = entries
    .filter(({ name }) => name !== '.svn')
    .map((entry) => {
      const path = below === '' ? entry.name : `${below}/${entry.name}`;
      return entry.isDirectory() ? listPaths(folder, path, signal) : Promise.resolve([path]);
    });
  return (await Promise.all(lists)).flat();
}

/** @returns undefined for a folder */
async function scanFile(
  folder: string,
  path: string,
  known: IndexedFile | undefined,
  contents: ContentFolder,
): Promise<IndexedFile | undefined> {
  const file = join(folder, path);
  const stats = await lstat(file, { bigint: true });
  if (stats.isDirectory()) return undefined;
  const mode = modeOf(path, stats);
  const sizeBytes = Number(stats.size);
  const stamp = `${stats.ino}-${stats.mtimeNs}-${stats.size}`;
  if (known !== undefined && known.stamp === stamp && known.mode !== 'symlink' && mode !== 'symlink') {
    return { ...known, mode };
  }
  if (mode === 'symlink') return { path, mode, stamp, ...(await keepTarget(file, contents)) };
  const contentId = sizeBytes > READ_WHOLE_BYTES ? await hashLarge(file) : hash('sha256', await readFile(file));
  await keep(contents.pathOf(contentId), (place) => link(file, place));
  return { path, mode, stamp, sizeBytes, contentId };
}

function modeOf(
  path: string,
  stats: { isFile(): boolean; isSymbolicLink(): boolean; readonly mode: bigint },
): IndexedFile['mode'] {
  if (stats.isSymbolicLink()) return 'symlink';
  if (stats.isFile()) return (stats.mode & 0o100n) === 0n ? 'file' : 'executable';
  throw new RepositoryError(
    'unreadable',
    `${quote(path)} is neither a file nor a link: remove it from the repository.`,
  );
}

async function keepTarget(file: string, contents: ContentFolder) {
  const linked = await readlink(file, { encoding: 'buffer' });
  const contentId = hash('sha256', linked);
  await keep(contents.pathOf(contentId), async (place) => {
    await writeFile(`${place}.new`, linked, { mode: 0o600 });
    await rename(`${place}.new`, place);
  });
  return { sizeBytes: linked.length, contentId };
}

/** Does nothing where the content is there. */
async function keep(place: string, make: (place: string) => Promise<void>): Promise<void> {
  try {
    await mkdir(dirname(place), { recursive: true, mode: 0o700 });
    await make(place);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}

async function hashLarge(file: string): Promise<string> {
  const hashing = createHash('sha256');
  for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 })) hashing.update(chunk);
  return hashing.digest('hex');
}
