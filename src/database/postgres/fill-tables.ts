import { sql } from 'kysely';
import type { Queries } from '../database.ts';
import { MOVED_TABLE_NAMES, MOVED_TABLES, type MovedTable } from '../moved-tables.ts';
import type { AnyRow } from '../read-rows.ts';

/** Adds rows as they are, their numbers too. */
export async function insertRows(queries: Queries, table: MovedTable, rows: readonly AnyRow[]): Promise<void> {
  await sql`
    insert into ${sql.table(table)}
    select * from json_populate_recordset(null::${sql.table(table)}, ${JSON.stringify(rows)}::json)`.execute(queries);
}

/** Has a table count on from a number. */
export async function setLastNumber(queries: Queries, table: MovedTable, last: number): Promise<void> {
  const [column] = MOVED_TABLES[table];
  await sql`
    select setval(pg_get_serial_sequence(${table}, ${column}), ${Math.max(1, last)}::bigint, ${last > 0})`.execute(
    queries,
  );
}

/** Deletes everything that was moved, but for blobs. */
export async function emptyTables(queries: Queries): Promise<void> {
  const names = [...MOVED_TABLE_NAMES, 'build_log_chunks'];
  await sql`truncate ${sql.join(names.map((name) => sql.table(name)))}`.execute(queries);
}
