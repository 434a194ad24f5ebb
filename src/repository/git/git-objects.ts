import { quote } from '../../domain/refusal.ts';
import { RepositoryError } from '../repository.ts';

export interface Commit {
  readonly treeId: string;
  readonly committedAt: number;
  readonly authorName: string;
  readonly authorEmail: string;
  readonly message: string;
}

export interface TreeEntry {
  readonly name: string;
  readonly mode: 'file' | 'executable' | 'symlink' | 'tree' | 'submodule';
  readonly id: string;
}

/** Reads a commit object as `git cat-file` gives it (gitformat: headers, a blank line, the message). */
export function parseCommit(bytes: Buffer): Commit {
  const text = decode(bytes);
  const end = text.indexOf('\n\n');
  const head = end < 0 ? text : text.slice(0, end);
  const header = (name: string) => new RegExp(`^${name} (.*)$`, 'm').exec(head)?.[1] ?? '';
  const author = /^(.*?) ?<([^>]*)>/.exec(header('author'));
  const seconds = Number(/(-?\d+)(?: [+-]\d+)?$/.exec(header('committer'))?.[1] ?? 0);
  return {
    treeId: header('tree'),
    committedAt: seconds * 1000,
    authorName: author?.[1]?.trim() ?? '',
    authorEmail: author?.[2] ?? '',
    message: end < 0 ? '' : text.slice(end + 2).trimEnd(),
  };
}

function decode(bytes: Buffer): string {
  const label = /^encoding (\S+)$/m.exec(bytes.toString('latin1', 0, 4096).split('\n\n', 1)[0] ?? '')?.[1];
  try {
    return new TextDecoder(label ?? 'utf-8').decode(bytes);
  } catch {
    return bytes.toString('utf8');
  }
}

/**
 * Reads a tree object: `<mode> <name>\0<id>` over and over.
 *
 * @param path of the tree, for messages; empty, or ending in `/`
 * @throws RepositoryError `unreadable` for a name or mode that cannot become a file of a package
 */
export function parseTree(bytes: Buffer, idBytes: number, path: string): readonly TreeEntry[] {
  const entries: TreeEntry[] = [];
  const names = new Set<string>();
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at);
    const nul = bytes.indexOf(0, space);
    if (space < 0 || nul < 0 || nul + 1 + idBytes > bytes.length) throw unreadable(path, 'is a damaged tree');
    const name = checkedName(bytes, space + 1, nul, path);
    if (names.has(name)) throw unreadable(path + name, 'is there twice');
    names.add(name);
    const mode = entryMode(Number.parseInt(bytes.toString('latin1', at, space), 8), path + name);
    entries.push({ name, mode, id: bytes.toString('hex', nul + 1, nul + 1 + idBytes) });
    at = nul + 1 + idBytes;
  }
  return entries;
}

function checkedName(bytes: Buffer, start: number, end: number, path: string): string {
  const name = bytes.toString('utf8', start, end);
  const replaced = name.includes('\ufffd') && !Buffer.from(name).equals(bytes.subarray(start, end));
  if (replaced) throw unreadable(path + name, 'has a name that is not valid UTF-8: rename it');
  if (name === '' || name === '.' || name === '..' || name.toLowerCase() === '.git' || name.includes('/')) {
    throw unreadable(path + name, 'has a name that no file can have');
  }
  return name;
}

/** The kinds git knows; among files, the owner's executable bit alone counts, as in git's own reading. */
function entryMode(mode: number, path: string): TreeEntry['mode'] {
  const kind = mode & 0o170000;
  if (kind === 0o040000) return 'tree';
  if (kind === 0o120000) return 'symlink';
  if (kind === 0o160000) return 'submodule';
  if (kind === 0o100000) return (mode & 0o100) === 0 ? 'file' : 'executable';
  throw unreadable(path, `has the mode ${mode.toString(8)}, which no file can have`);
}

function unreadable(path: string, why: string): RepositoryError {
  return new RepositoryError('unreadable', `${quote(path)} in the repository ${why}.`);
}
