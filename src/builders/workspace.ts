import { type FileHandle, mkdir, mkdtemp, open, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BuildFailure } from '../domain/failure.ts';
import { quote } from '../domain/refusal.ts';
import { removeTree } from '../files/remove-tree.ts';
import type { FileContent, SourceFile, SourceTree } from '../repository/repository.ts';

/** A folder of one build, and in it the files of a revision. */
export interface Workspace {
  /** The folder of the build: whatever else belongs to it may be put there. */
  readonly room: string;
  /** Where the files are: `workspace` in the room. */
  readonly folder: string;
  /** Removes the room, whatever was made of it. */
  remove(): Promise<void>;
}

/** Files written at once: what the threads of Node have to do meanwhile. */
const MOST_UNDER_WAY = 16;

/**
 * Writes a tree into a new room. Links are made when every file is there, so that nothing is written through one.
 *
 * @param temporaryFolder an existing folder that is emptied when the server starts
 * @throws BuildFailure `source-unreadable` when a path is a file and a folder at once; RepositoryError passes through,
 *   and so does the error of a full disk
 */
export async function makeWorkspace(
  tree: SourceTree,
  temporaryFolder: string,
  signal: AbortSignal,
): Promise<Workspace> {
  const room = await mkdtemp(join(temporaryFolder, 'room-'));
  const workspace = { room, folder: join(room, 'workspace'), remove: () => removeTree(room) };
  try {
    await mkdir(workspace.folder);
    await writeTree(tree, workspace.folder, signal);
    return workspace;
  } catch (error) {
    await workspace.remove();
    signal.throwIfAborted();
    throw error;
  }
}

async function writeTree(tree: SourceTree, folder: string, signal: AbortSignal): Promise<void> {
  const links: { file: SourceFile; target: Uint8Array }[] = [];
  const underWay = new Set<Promise<void>>();
  const made = new Set([folder]);
  let failed: { readonly error: unknown } | undefined;
  try {
    for await (const content of tree.read(tree.files, signal)) {
      const path = pathIn(folder, content.file.path);
      if (content.file.mode === 'symlink') {
        links.push({ file: content.file, target: await wholeOf(content) });
        continue;
      }
      await makeFolder(dirname(path), made, content.file.path);
      const writing = writeContent(path, content)
        .catch((error) => {
          failed ??= { error };
        })
        .finally(() => underWay.delete(writing));
      underWay.add(writing);
      // A content in pieces must be used up before the next is taken.
      if (!(content.bytes instanceof Uint8Array)) await writing;
      if (underWay.size >= MOST_UNDER_WAY) await Promise.race(underWay);
      if (failed !== undefined) break;
    }
  } finally {
    await Promise.all(underWay);
  }
  if (failed !== undefined) throw failed.error;
  for (const path of tree.emptyFolders) await makeFolder(pathIn(folder, path), made, path);
  for (const { file, target } of links) await makeLink(folder, file, target, made);
}

function pathIn(folder: string, path: string): string {
  const isPlain = path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
  if (isPlain && !path.includes('\0')) return join(folder, path);
  throw new BuildFailure('source-unreadable', `The path ${quote(path)} leads out of the source.`);
}

async function makeFolder(folder: string, made: Set<string>, path: string): Promise<void> {
  if (made.has(folder)) return;
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw clash(error, path);
  }
  made.add(folder);
}

async function writeContent(path: string, { file, bytes }: FileContent): Promise<void> {
  let handle: FileHandle;
  try {
    handle = await open(path, 'wx', file.mode === 'executable' ? 0o755 : 0o644);
  } catch (error) {
    throw clash(error, file.path);
  }
  try {
    if (bytes instanceof Uint8Array) await handle.writeFile(bytes);
    else for await (const chunk of bytes) await handle.writeFile(chunk);
  } finally {
    await handle.close();
  }
}

async function makeLink(folder: string, file: SourceFile, target: Uint8Array, made: Set<string>): Promise<void> {
  const path = pathIn(folder, file.path);
  await makeFolder(dirname(path), made, file.path);
  try {
    await symlink(Buffer.from(target), path);
  } catch (error) {
    throw clash(error, file.path);
  }
}

async function wholeOf({ bytes }: FileContent): Promise<Uint8Array> {
  if (bytes instanceof Uint8Array) return bytes;
  return Buffer.concat(await Array.fromAsync(bytes));
}

const CLASHES = new Set(['EEXIST', 'ENOTDIR', 'EISDIR', 'ENAMETOOLONG', 'ENOENT', 'EINVAL', 'ELOOP']);

/** Two paths that cannot both be, or one that a disk does not take. Other errors stay as they are. */
function clash(error: unknown, path: string): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (!CLASHES.has(code)) return error;
  const message = `${quote(path)} of the source cannot be written to the disk (${code}): rename it.`;
  return new BuildFailure('source-unreadable', message, { cause: error });
}
