import type { Queries } from '../database/database.ts';
import type { AppRow, PackageRow } from '../database/schema.ts';
import { readAppSettings } from '../domain/app-settings.ts';
import { findExpiryDate, readRule } from '../domain/retention.ts';
import { hasEnded } from '../protocol/package.ts';
import { gatherFacts } from './judge-packages.ts';

/**
 * When packages of an app may be deleted by its retention: see `domain/retention.ts`. Nothing is asked where the app
 * keeps everything.
 *
 * @returns for each of the rows, in their order
 */
export async function findExpiryDates(
  queries: Queries,
  app: Pick<AppRow, 'id' | 'settings'>,
  rows: readonly PackageRow[],
): Promise<readonly (number | null)[]> {
  const { Retention } = readAppSettings(app.settings);
  if (Retention === null) return rows.map(() => null);
  const rule = readRule(Retention);
  // Of most that are asked for again and again the row says enough.
  const open = rows.filter(({ status, pinned }) => hasEnded(status) && pinned === 0);
  const facts = await gatherFacts(queries, app.id, rule, open);
  const factsOf = new Map(open.map((row, at) => [row.id, facts[at]]));
  return rows.map(({ id }) => {
    const known = factsOf.get(id);
    return known === undefined ? null : findExpiryDate(rule, known);
  });
}

/** When one package may be deleted. */
export async function findExpiryDateOf(
  queries: Queries,
  app: Pick<AppRow, 'id' | 'settings'>,
  row: PackageRow,
): Promise<number | null> {
  const [date = null] = await findExpiryDates(queries, app, [row]);
  return date;
}
