import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { Queries } from '../database/database.ts';
import { openSqliteReader } from '../database/sqlite/sqlite-database.ts';
import type { Configuration } from './configuration.ts';

/**
 * Opens the database that was configured for reads alone, as it is: nothing is made, and nothing is brought up to date. May be
 * open beside servers. Whoever opened it destroys it.
 *
 * @returns undefined where nothing of Slipway's is there yet
 * @throws what `explainStart` explains
 */
export async function openReader({
  dataFolder,
  databaseUrl,
}: Pick<Configuration, 'dataFolder' | 'databaseUrl'>): Promise<Queries | undefined> {
  if (databaseUrl !== undefined) return await openShared(databaseUrl);
  const file = join(dataFolder, 'slipway.db');
  const isThere = await access(file).then(
    () => true,
    () => false,
  );
  return isThere ? openSqliteReader(file) : undefined;
}

async function openShared(url: string): Promise<Queries | undefined> {
  // Loaded only now: most servers have no need of it.
  const { openPostgresReader } = await import('../database/postgres/postgres-database.ts');
  const { hasTables } = await import('../database/postgres/look-around.ts');
  const queries = openPostgresReader({ url, applicationName: 'slipway doctor' });
  try {
    if (await hasTables(queries)) return queries;
  } catch (error) {
    await queries.destroy();
    throw error;
  }
  await queries.destroy();
  return undefined;
}
