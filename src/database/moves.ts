import type { Queries } from './database.ts';
import type { MoveRow } from './schema.ts';

/** The data folder that is being moved into this database, or was. */
export function findMove(queries: Queries): Promise<MoveRow | undefined> {
  return queries.selectFrom('moves').selectAll().executeTakeFirst();
}

export async function insertMove(queries: Queries, move: MoveRow): Promise<void> {
  await queries.insertInto('moves').values(move).execute();
}

export async function updateMove(
  queries: Queries,
  source: string,
  fields: Partial<Pick<MoveRow, 'digest' | 'finished_at'>>,
): Promise<void> {
  await queries.updateTable('moves').set(fields).where('source', '=', source).execute();
}
