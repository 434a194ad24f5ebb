import { sql } from 'kysely';
import type { Queries } from './database.ts';
import { MOVED_TABLES, type MovedTable } from './moved-tables.ts';

/** A row of any table: its columns by name. */
export type AnyRow = Readonly<Record<string, string | number | null>>;

/** Bodies of webhook messages may have some kilobytes each. */
const PAGE_ROWS = 500;
/** PostgreSQL keeps no NUL in a text; SQLite does. */
const NUL = /\0/g;
const REPLACEMENT = '\ufffd';

/**
 * Every row of a table, some at a time, in an order that stays the same while nothing is written. Rows of both databases
 * are the same where they mean the same: characters that PostgreSQL does not take are replaced here already.
 *
 * @param skip how many are left out at the beginning
 */
export async function* readRows(queries: Queries, table: MovedTable, skip = 0): AsyncGenerator<readonly AnyRow[]> {
  const columns: readonly string[] = MOVED_TABLES[table];
  // null is the same as nothing here: one user has one row without an environment, and ids are not empty.
  const keys = columns.map((column) => (mayBeNull(table) ? sql`coalesce(${sql.ref(column)}, '')` : sql.ref(column)));
  let last: AnyRow | undefined;
  for (let offset = skip; ; offset = 0) {
    const after = columns.map((column) => sql`${last?.[column] ?? ''}`);
    const past = last === undefined ? sql`` : sql`where (${sql.join(keys)}) > (${sql.join(after)})`;
    const { rows } = await sql<AnyRow>`
      select * from ${sql.table(table)} ${past} order by ${sql.join(keys)}
      limit ${PAGE_ROWS} offset ${offset}`.execute(queries);
    last = rows.at(-1);
    if (last === undefined) return;
    yield rows.map(withoutNul);
  }
}

function mayBeNull(table: MovedTable): boolean {
  return table === 'permissions';
}

function withoutNul(row: AnyRow): AnyRow {
  const entries = Object.entries(row).map(([name, value]) => [
    name,
    typeof value === 'string' && value.includes('\0') ? value.replace(NUL, REPLACEMENT) : value,
  ]);
  return Object.fromEntries(entries);
}

/** Whether any table has a row. */
export async function hasRows(queries: Queries): Promise<boolean> {
  for (const table of Object.keys(MOVED_TABLES) as MovedTable[]) if ((await countRows(queries, table)) > 0) return true;
  return false;
}

export async function countRows(queries: Queries, table: MovedTable): Promise<number> {
  const { rows } = await sql<{ readonly count: number }>`
    select count(*) as count from ${sql.table(table)}`.execute(queries);
  return Number(rows[0]?.count);
}
