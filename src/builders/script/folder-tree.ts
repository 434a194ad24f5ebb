import { createHash } from 'node:crypto';
import { chmod, constants, type FileHandle, lstat, open, opendir, readlink } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { BuildFailure } from '../../domain/failure.ts';
import { quote } from '../../domain/refusal.ts';
import type { FileContent, SourceFile, SourceTree } from '../../repository/repository.ts';

const READ_BYTES = 1024 * 1024;
/** The kernel takes 4096, of which a name may be 255. */
const LONGEST_PATH_BYTES = 3800;

export interface FolderTreeOptions {
  /** An absolute path without links in it, where nothing runs any more. */
  readonly folder: string;
  /** Which files are taken, by their path in the folder. */
  readonly isWanted: (path: string) => boolean;
  readonly committedAt: number;
  /** Of all contents. */
  readonly mostBytes: number;
  readonly signal: AbortSignal;
}

/**
 * The files of a folder and the empty folders in it, as a tree. A link is taken as a link, and only where it leads to
 * something in the folder.
 *
 * @throws BuildFailure `package-unusable` for what is neither a file nor a link that stays inside, `over-limit`
 */
export async function openFolderTree(options: FolderTreeOptions): Promise<SourceTree> {
  const { folder, committedAt, signal } = options;
  const files: SourceFile[] = [];
  const emptyFolders: string[] = [];
  let leftBytes = options.mostBytes;
  for await (const path of listPaths(options, '')) {
    if (path.endsWith('/')) {
      emptyFolders.push(path.slice(0, -1));
      continue;
    }
    const { file, sizeBytes } = await describe(folder, path, leftBytes, signal);
    leftBytes -= sizeBytes;
    files.push(file);
  }
  files.sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
  return {
    committedAt,
    files,
    emptyFolders,
    read: (wanted, abort) => read(folder, wanted, abort),
    close: async () => undefined,
  };
}

/** The paths of files, and of empty folders with a `/` behind them. */
async function* listPaths(options: FolderTreeOptions, parent: string): AsyncGenerator<string> {
  const folder = join(options.folder, parent);
  if (Buffer.byteLength(folder) > LONGEST_PATH_BYTES) {
    throw unusable(`Folders lie too deep in each other, such as ${quote(parent.slice(0, 100))}: leave them out.`);
  }
  await makeReadable(folder, 0o700);
  let isEmpty = true;
  for await (const entry of await opendir(folder, { encoding: 'buffer' as 'utf8' })) {
    // Here too, since what is not wanted takes time as well.
    options.signal.throwIfAborted();
    isEmpty = false;
    const name = nameOf(entry.name, parent);
    const path = posix.join(parent, name);
    if (entry.isDirectory()) yield* listPaths(options, path);
    else if (!options.isWanted(path)) continue;
    else if (entry.isFile() || entry.isSymbolicLink()) yield path;
    else throw unusable(`${quote(path)} is neither a file nor a folder nor a link: leave it out of the package.`);
  }
  if (isEmpty && parent !== '' && options.isWanted(parent)) yield `${parent}/`;
}

/** A package holds names in UTF-8 alone. */
function nameOf(bytes: unknown, parent: string): string {
  const name = Buffer.isBuffer(bytes) ? bytes : Buffer.from(String(bytes));
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(name);
  } catch {
    throw unusable(`A file name in ${quote(parent || '.')} is not UTF-8: rename ${quote(name.toString('latin1'))}.`);
  }
}

async function describe(
  folder: string,
  path: string,
  mostBytes: number,
  signal: AbortSignal,
): Promise<{ file: SourceFile; sizeBytes: number }> {
  const full = join(folder, path);
  const stats = await lstat(full);
  if (stats.isSymbolicLink()) {
    const target = await readlink(full, 'buffer');
    checkLink(path, target.toString());
    return { file: { path, mode: 'symlink', contentId: idOf([target], target.length) }, sizeBytes: target.length };
  }
  if (stats.size > mostBytes) throw tooLarge(path);
  const hash = startId(stats.size);
  for await (const chunk of readFileIn(folder, path, signal)) hash.update(chunk);
  const mode = (stats.mode & 0o100) === 0 ? 'file' : 'executable';
  return { file: { path, mode, contentId: hash.digest('hex') }, sizeBytes: stats.size };
}

function checkLink(path: string, target: string): void {
  const leadsTo = posix.normalize(posix.join(posix.dirname(path), target));
  if (!target.startsWith('/') && leadsTo !== '..' && !leadsTo.startsWith('../')) return;
  throw unusable(`The link ${quote(path)} leads out of the package, to ${quote(target)}: copy what it leads to.`);
}

/** As Git names contents with SHA-256, so that what was packed for another builder is found. */
function startId(sizeBytes: number) {
  return createHash('sha256').update(`blob ${sizeBytes}\0`);
}

function idOf(chunks: readonly Uint8Array[], sizeBytes: number): string {
  const hash = startId(sizeBytes);
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest('hex');
}

async function* read(folder: string, wanted: Iterable<SourceFile>, signal: AbortSignal): AsyncGenerator<FileContent> {
  for (const file of wanted) {
    signal.throwIfAborted();
    const path = join(folder, file.path);
    if (file.mode === 'symlink') {
      const bytes = await readlink(path, 'buffer');
      yield { file, sizeBytes: bytes.length, bytes };
      continue;
    }
    const { size } = await lstat(path);
    const chunks = readFileIn(folder, file.path, signal);
    const bytes = size <= READ_BYTES ? Buffer.concat(await Array.fromAsync(chunks)) : chunks;
    yield { file, sizeBytes: size, bytes };
  }
}

/** The content of a file of a folder, in chunks that stay as they are. */
export async function* readFileIn(folder: string, path: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const handle = await openRegular(join(folder, path), path);
  try {
    for (;;) {
      signal.throwIfAborted();
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(READ_BYTES));
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}

/** Never follows a link, and never waits for whoever writes into a pipe. */
async function openRegular(full: string, path: string): Promise<FileHandle> {
  await makeReadable(full, 0o600);
  const handle = await open(full, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch((error) => {
    // A socket, or a device that is none.
    if (error.code === 'ENXIO') return undefined;
    throw error;
  });
  if (handle !== undefined && (await handle.stat()).isFile()) return handle;
  await handle?.close();
  throw unusable(`${quote(path)} is no file: name a folder or a file as the package.`);
}

/** A build may take its own files' modes away; they are ours to give back. */
async function makeReadable(path: string, least: number): Promise<void> {
  const { mode } = await lstat(path);
  if ((mode & least) !== least) await chmod(path, (mode & 0o777) | least);
}

function unusable(message: string): BuildFailure {
  return new BuildFailure('package-unusable', message);
}

export function tooLarge(path: string): BuildFailure {
  return new BuildFailure('over-limit', `With ${quote(path)} the package holds more than one build may make.`);
}
