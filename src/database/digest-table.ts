import { hash } from 'node:crypto';
import type { Queries } from './database.ts';
import type { MovedTable } from './moved-tables.ts';
import { type AnyRow, readRows } from './read-rows.ts';

/** What a table holds, in brief: the same for the same rows, in whatever database and order. */
export interface TableDigest {
  readonly rows: number;
  /** 64 hex digits. */
  readonly digest: string;
}

const BITS = 256;

/**
 * Reads a whole table. The digest is the sum, modulo 2^256, of the SHA-256 of each row as JSON, its columns by name.
 *
 * @param onRows told how many have been read
 */
export async function digestTable(
  queries: Queries,
  table: MovedTable,
  onRows: (rows: number) => void,
): Promise<TableDigest> {
  let rows = 0;
  let sum = 0n;
  for await (const page of readRows(queries, table)) {
    for (const row of page) sum += BigInt(`0x${hash('sha256', textOf(row))}`);
    rows += page.length;
    onRows(rows);
  }
  return {
    rows,
    digest: BigInt.asUintN(BITS, sum)
      .toString(16)
      .padStart(BITS / 4, '0'),
  };
}

function textOf(row: AnyRow): string {
  const names = Object.keys(row).toSorted();
  return JSON.stringify(names.map((name) => [name, row[name]]));
}
