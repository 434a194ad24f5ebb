import type { Database, Queries } from '../database/database.ts';
import { digestTable, type TableDigest } from '../database/digest-table.ts';
import { MOVED_TABLE_NAMES, type MovedTable } from '../database/moved-tables.ts';
import { insertRows, setLastNumber } from '../database/postgres/fill-tables.ts';
import { countRows, readRows } from '../database/read-rows.ts';

/** What every table holds. */
export type Digests = Readonly<Record<MovedTable, TableDigest>>;

export interface MoveRowsDeps {
  readonly source: Queries;
  /** Of PostgreSQL. Nobody else writes to it. */
  readonly target: Database;
  /** The highest number that each table has given, by its name. */
  readonly lastNumbers: ReadonlyMap<string, number>;
  /** Told how many rows of a table are there. */
  readonly onRows: (table: MovedTable, rows: number) => void;
}

/**
 * Copies the rows of every table. What is there already is taken for the beginning of the same rows, and it goes on behind
 * it: rows come in one order, some at a time, and all of a page or none.
 *
 * @returns how many rows were copied
 */
export async function moveRows(deps: MoveRowsDeps, signal: AbortSignal): Promise<number> {
  let copied = 0;
  for (const table of MOVED_TABLE_NAMES) {
    const before = await countRows(deps.target.read, table);
    let rows = before;
    for await (const page of readRows(deps.source, table, before)) {
      signal.throwIfAborted();
      await deps.target.transaction((queries) => insertRows(queries, table, page), 'relaxed');
      rows += page.length;
      deps.onRows(table, rows);
    }
    copied += rows - before;
  }
  for (const [table, last] of deps.lastNumbers) {
    if (isMoved(table)) await deps.target.transaction((queries) => setLastNumber(queries, table, last), 'relaxed');
  }
  return copied;
}

function isMoved(table: string): table is MovedTable {
  return MOVED_TABLE_NAMES.some((name) => name === table);
}

/** Reads every table from end to end. */
export async function digestTables(
  queries: Queries,
  onRows: MoveRowsDeps['onRows'],
  signal: AbortSignal,
): Promise<Digests> {
  const digests: Partial<Record<MovedTable, TableDigest>> = {};
  for (const table of MOVED_TABLE_NAMES) {
    digests[table] = await digestTable(queries, table, (rows) => {
      signal.throwIfAborted();
      onRows(table, rows);
    });
  }
  return digests as Digests;
}
