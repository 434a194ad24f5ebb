import { createHash, hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { link, lstat, mkdir, readdir, readFile, readlink, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { quote } from '../../domain/refusal.ts';
import { codeOf } from '../../files/file-errors.ts';
import { sortByPath } from '../path-order.ts';
import { RepositoryError } from '../repository.ts';
import type { CopyContents, CopyIndex, IndexedFile } from './export-index.ts';
import { isBelow } from './svn-properties.ts';
import type { Updated } from './update-working-copy.ts';

/** Larger files are not read into memory. */
const READ_WHOLE_BYTES = 4 * 1024 * 1024;
const AT_ONCE = 8;
/** What svn keeps in a working copy, and in those of externals. */
const OWN_FOLDER = '.svn';

/**
 * Looks at a working copy, and takes the contents that are new into a folder of contents, by hard links: svn never writes
 * into a file that is there.
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
): Promise<CopyContents> {
  const before = new Map(known?.files.map((file) => [file.path, file]));
  // Older versions did not tell of empty folders.
  if (known?.emptyFolders === undefined || changes === undefined) {
    const { files, emptyFolders } = await scanPaths(
      folder,
      await listPaths(folder, '', signal),
      before,
      contents,
      signal,
    );
    return { files: sortByPath(files), emptyFolders };
  }
  const { touched, removed } = changes;
  // Keywords come out differently in files that svn does not speak of, and folders become empty or cease to be so.
  const folders = [...touched, ...removed].map(dirname).filter((path) => path !== '.' && !isBelow(path, removed));
  const suspects = new Set([...touched, ...properties.withKeywords, ...folders]);
  const { files, emptyFolders } = await scanPaths(folder, suspects, before, contents, signal);
  const found = new Map(files.map((file) => [file.path, file]));
  const isGone = (path: string) => suspects.has(path) || isBelow(path, removed);
  const kept = known.files.flatMap((file) => found.get(file.path) ?? (isGone(file.path) ? [] : [file]));
  const added = files.filter(({ path }) => !before.has(path));
  const stillEmpty = known.emptyFolders.filter((path) => !isGone(path));
  return { files: sortByPath([...kept, ...added]), emptyFolders: [...stillEmpty, ...emptyFolders] };
}

async function scanPaths(
  folder: string,
  paths: Iterable<string>,
  known: ReadonlyMap<string, IndexedFile>,
  contents: ContentFolder,
  signal: AbortSignal,
): Promise<CopyContents> {
  const found = { files: [] as IndexedFile[], emptyFolders: [] as string[] };
  const left = paths[Symbol.iterator]();
  const work = async () => {
    for (let next = left.next(); next.done !== true; next = left.next()) {
      signal.throwIfAborted();
      const path = next.value;
      const file = await scanFile(folder, path, known.get(path), contents);
      if (file !== undefined) found.files.push(file);
      else if (path !== '' && (await isEmpty(join(folder, path)))) found.emptyFolders.push(path);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return found;
}

async function isEmpty(folder: string): Promise<boolean> {
  return (await readdir(folder)).every((name) => name === OWN_FOLDER);
}

/** Where contents are kept. */
export interface ContentFolder {
  pathOf(contentId: string): string;
}

/** Every file, and every folder that holds nothing. */
async function listPaths(folder: string, below: string, signal: AbortSignal): Promise<readonly string[]> {
  signal.throwIfAborted();
  const entries = await readdir(join(folder, below), { withFileTypes: true });
  const own = entries.filter(({ name }) => name !== OWN_FOLDER);
  if (own.length === 0) return [below];
  const lists = own.map((entry) => {
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
