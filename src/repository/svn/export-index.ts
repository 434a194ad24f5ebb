import { open, readFile, rename } from 'node:fs/promises';
import type { SourceFile } from '../repository.ts';
import type { CopyProperties } from './svn-properties.ts';

/** A file of a tree, with what is needed to read it. */
export interface ExportedFile extends SourceFile {
  readonly sizeBytes: number;
}

/** A tree as it is kept: everything about a revision of a branch but the contents. */
export interface ExportedTree {
  readonly committedAt: number;
  /** Whether something in it comes from elsewhere, and may be another thing tomorrow. */
  readonly hasExternals: boolean;
  readonly files: readonly ExportedFile[];
  readonly emptyFolders: readonly string[];
}

/** What was known of a file of a working copy: it is unchanged for as long as its stamp is. */
export interface IndexedFile extends ExportedFile {
  /** Inode, time of change and size: svn writes a new file for a new content. */
  readonly stamp: string;
}

/** What was found in a working copy. */
export interface CopyContents {
  /** Sorted by path. */
  readonly files: readonly IndexedFile[];
  readonly emptyFolders: readonly string[];
}

/** What was known of a working copy when it was clean. */
export interface CopyIndex extends CopyContents {
  readonly properties: CopyProperties;
}

/** @returns undefined when it is not there, or not whole */
export async function readJson<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Writes a file so that it is there whole or not at all, after a loss of power too. */
export async function writeJson(path: string, value: unknown): Promise<void> {
  const file = await open(`${path}.new`, 'w', 0o600);
  try {
    await file.writeFile(JSON.stringify(value));
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
}
