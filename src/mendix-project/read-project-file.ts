import { open } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { BuildFailure } from '../domain/failure.ts';
import { type MendixVersion, parseMendixVersion } from '../domain/mendix-version.ts';
import { quote } from '../domain/refusal.ts';

/**
 * What a Mendix project file says of itself. The folder reads project files, which are SQLite databases of somebody
 * else; it writes nothing, and knows nothing of builds and repositories.
 *
 * Invariant: a file is from strangers. Nothing in it is run: it is asked only for tables that are plain ones.
 */
export interface ProjectFileFacts {
  /** Of the Mendix that saved it last, with its build number, as MxBuild for it is named: `10.12.3.41523`. */
  readonly mendixVersion: MendixVersion;
  /** 1 when the file holds the whole project, 2 when its units are files in `mprcontents` beside it. */
  readonly format: 1 | 2;
}

/**
 * Reads a project file (`.mpr`).
 *
 * The schema was measured by others: `_MetaData` with `_ProductVersion` in every version; `_FormatVersion` until about
 * 11.6.2 and not before 10.18; `Unit.Contents` in format 1 alone (mxcli, `sdk/mpr/version/version.go`).
 *
 * @param path the file on this machine
 * @param shown how messages name it
 * @throws BuildFailure `source-unreadable` for what is no project file, with what it is instead
 */
export async function readProjectFile(path: string, shown: string): Promise<ProjectFileFacts> {
  await refuseOtherFiles(path, shown);
  try {
    return readFacts(path, shown);
  } catch (error) {
    if (error instanceof BuildFailure) throw error;
    throw unreadable(shown, 'is damaged: open it in Studio Pro, or restore it from an earlier revision', error);
  }
}

const SQLITE_MAGIC = 'SQLite format 3\0';
const LFS_POINTER = /^version https:\/\/git-lfs\.github\.com\/spec\//;

async function refuseOtherFiles(path: string, shown: string): Promise<void> {
  const start = await readStart(path);
  if (start === '') throw unreadable(shown, 'is empty: commit it again');
  if (LFS_POINTER.test(start)) {
    throw unreadable(shown, 'is a Git LFS pointer and not the file itself: push its content with git lfs push');
  }
  if (!start.startsWith(SQLITE_MAGIC)) throw unreadable(shown, 'is not a Mendix project file');
}

async function readStart(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(64), 0, 64, 0);
    return buffer.toString('latin1', 0, bytesRead);
  } finally {
    await file.close();
  }
}

function readFacts(path: string, shown: string): ProjectFileFacts {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const metaData = findPlainTable(database, '_MetaData');
    if (metaData === undefined) throw unreadable(shown, 'is not a Mendix project file: it has no table _MetaData');
    const version = findVersion(database, metaData);
    if (version === undefined) throw unreadable(shown, 'does not say which version of Mendix it is of');
    const mendixVersion = parseMendixVersion(version);
    if (mendixVersion === undefined) {
      throw unreadable(shown, `is of Mendix ${quote(version)}, which is not a version`);
    }
    const unit = findPlainTable(database, 'Unit');
    if (unit === undefined) throw unreadable(shown, 'is not a Mendix project file: it has no table Unit');
    return { mendixVersion, format: unit.has('Contents') ? 1 : 2 };
  } finally {
    database.close();
  }
}

/**
 * Columns and nothing else: no view, no virtual table, no computed column, which could run for ever. Real ones have a
 * hundred characters or two.
 */
const PLAIN_TABLE = /^\s*CREATE\s+TABLE\s+["[`]?\w+["\]`]?\s*\(([^()]+?)(?:,\s*PRIMARY\s+KEY\s*\([^()]+\))?\s*\)\s*$/i;
const MOST_SCHEMA_CHARACTERS = 2000;

/** @returns the names of its columns */
export function findPlainTable(database: DatabaseSync, name: string): ReadonlySet<string> | undefined {
  const row = database.prepare("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?").get(name);
  const sql = typeof row?.sql === 'string' && row.sql.length <= MOST_SCHEMA_CHARACTERS ? row.sql : '';
  const columns = PLAIN_TABLE.exec(sql)?.[1];
  return columns === undefined
    ? undefined
    : new Set(columns.split(',').map((column) => /^\s*["[`]?(\w+)/.exec(column)?.[1] ?? ''));
}

/** `MendixVersion` is what some old files call it. */
function findVersion(database: DatabaseSync, columns: ReadonlySet<string>): string | undefined {
  const column = ['_ProductVersion', 'MendixVersion'].find((name) => columns.has(name));
  if (column === undefined) return undefined;
  const value = database.prepare(`SELECT "${column}" AS version FROM _MetaData LIMIT 1`).get()?.version;
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function unreadable(shown: string, why: string, cause?: unknown): BuildFailure {
  return new BuildFailure('source-unreadable', `The project file ${quote(shown)} ${why}.`, { cause });
}
