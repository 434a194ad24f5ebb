import assert from 'node:assert/strict';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Repository, SourceTree } from '../../src/repository/repository.ts';
import { contents, signal } from '../contract/repository.ts';
import { runTestSvn, type SvnTestRepository } from './svn.ts';

/** Each byte is a character: no two contents look alike that are not. */
const EVERY_BYTE = 'latin1';

/** Compares what the main line is at a revision, byte for byte, with what `svn export` makes of it in a new folder. */
export async function assertAsExported(
  repository: Repository,
  remote: SvnTestRepository,
  revision: string,
  folder: string,
): Promise<void> {
  const tree = await repository.openTree(revision, signal(), { name: 'trunk', isMainLine: true });
  assert.deepEqual(await describe(tree), await describeExport(remote, 'trunk', revision, folder));
  await tree.close();
}

/** What a package would hold: every file with its mode, links as what they name, and every empty folder. */
async function describe(tree: SourceTree): Promise<Record<string, string>> {
  const modes = new Map(tree.files.map(({ path, mode }) => [path, mode]));
  const read = await contents(tree, tree.files, EVERY_BYTE);
  const folders = tree.emptyFolders.map((path) => [path, 'empty folder']);
  const files = Object.entries(read).map(([path, text]) => [path, `${modes.get(path)} ${text}`]);
  return Object.fromEntries([...folders, ...files]);
}

async function describeExport(remote: SvnTestRepository, path: string, revision: string, folder: string) {
  await runTestSvn('svn', ['export', '-q', '--force', '-r', revision, `${remote.url}/${path}@${revision}`, folder]);
  const found: [string, string][] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    const path = file.slice(folder.length + 1);
    if (entry.isDirectory()) {
      if ((await readdir(file)).length === 0) found.push([path, 'empty folder']);
      continue;
    }
    const mode = (await lstat(file)).mode & 0o100 ? 'executable' : 'file';
    const text = entry.isSymbolicLink()
      ? `symlink ${await readlink(file, EVERY_BYTE)}`
      : `${mode} ${await readFile(file, EVERY_BYTE)}`;
    found.push([path, text]);
  }
  return Object.fromEntries(found);
}
