import { DatabaseSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import { findPlainTable } from './read-project-file.ts';

/** A document of the project itself and of none of its modules: its settings, its security, … */
export type ProjectDocument =
  /** Format 1: in the project file. BSON. */
  | { readonly contents: Uint8Array }
  /** Format 2: in a file beside it, which this path leads to from there. */
  | { readonly file: string };

/** Real ones have four. */
const MOST_DOCUMENTS = 32;
/** Real ones have some ten kilobytes. */
const MOST_BYTES = 4 * 1024 * 1024;
const ROWS_AT_ONCE = 500;

/**
 * @param path of a project file that {@link readProjectFile} has read
 * @returns none where the file is damaged further on: MxBuild will say so
 */
export async function listProjectDocuments(path: string): Promise<readonly ProjectDocument[]> {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    return await readDocuments(database);
  } catch {
    return [];
  } finally {
    database.close();
  }
}

async function readDocuments(database: DatabaseSync): Promise<readonly ProjectDocument[]> {
  const columns = findPlainTable(database, 'Unit') ?? new Set();
  if (!['UnitID', 'ContainmentName'].every((name) => columns.has(name))) return [];
  const rows = await findRows(database);
  return rows.flatMap((row) => readRow(database, row, columns.has('Contents')));
}

/** There is no index for it, and a project may have many units: others get their turn in between. */
async function findRows(database: DatabaseSync): Promise<readonly number[]> {
  const query = database.prepare(
    `SELECT rowid AS id, ContainmentName = 'ProjectDocuments' AS wanted FROM Unit WHERE rowid > ? ORDER BY rowid LIMIT ${ROWS_AT_ONCE}`,
  );
  const found: number[] = [];
  for (let last = -1; ; ) {
    const rows = query.all(last);
    for (const { id, wanted } of rows) {
      last = Number(id);
      if (wanted === 1) found.push(last);
    }
    if (rows.length < ROWS_AT_ONCE || found.length > MOST_DOCUMENTS) return found.slice(0, MOST_DOCUMENTS);
    await setImmediate();
  }
}

function readRow(database: DatabaseSync, row: number, hasContents: boolean): readonly ProjectDocument[] {
  const wanted = hasContents ? 'Contents' : 'UnitID';
  const bytes = database
    .prepare(`SELECT "${wanted}" AS bytes FROM Unit WHERE rowid = ? AND length("${wanted}") <= ${MOST_BYTES}`)
    .get(row)?.bytes;
  if (!(bytes instanceof Uint8Array)) return [];
  if (hasContents) return [{ contents: bytes }];
  return bytes.length === UUID_BYTES ? [{ file: fileOf(bytes) }] : [];
}

const UUID_BYTES = 16;

/** The first three groups of the id are in the order of bytes that Microsoft writes them in. */
function fileOf(unitId: Uint8Array): string {
  const hex = Buffer.from([3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15].map((at) => unitId[at] ?? 0)).toString(
    'hex',
  );
  const uuid = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
  return `mprcontents/${hex.slice(0, 2)}/${hex.slice(2, 4)}/${uuid}.mxunit`;
}
