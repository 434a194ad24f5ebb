import { sql } from 'kysely';
import type { Queries } from '../database.ts';

/** Of each table that counts its rows, the highest number that one has ever had: none is given again. */
export async function listLastNumbers(queries: Queries): Promise<ReadonlyMap<string, number>> {
  const { rows } = await sql<{ readonly name: string; readonly seq: number }>`
    select name, seq from sqlite_sequence`.execute(queries);
  return new Map(rows.map(({ name, seq }) => [name, seq]));
}
