import type { Database } from '../database/database.ts';
import { findPackage } from '../database/packages.ts';
import type { PackageRow } from '../database/schema.ts';
import { watchChanges } from '../database/watch-changes.ts';
import { hasEnded } from '../protocol/package.ts';

export interface WatchDependencies {
  readonly database: Pick<Database, 'read' | 'onChange'>;
}

/**
 * Yields a package as it is, and again after each change, until it is deleted or the signal fires. Changes that come
 * while the last one is being looked at are yielded as one.
 */
export async function* watchPackage(
  { database }: WatchDependencies,
  { id, app_id: appKey }: Pick<PackageRow, 'id' | 'app_id'>,
  signal: AbortSignal,
): AsyncGenerator<PackageRow> {
  for await (const _ of watchChanges(database, `package:${id}`, signal)) {
    const row = await findPackage(database.read, appKey, id);
    if (row === undefined) return;
    yield row;
  }
}

/**
 * Waits until the status of a package is another than in `row`, or the signal fires.
 *
 * @returns the package as it is then; undefined when it was deleted
 */
export async function waitForStatus(
  deps: WatchDependencies,
  row: PackageRow,
  signal: AbortSignal,
): Promise<PackageRow | undefined> {
  if (hasEnded(row.status)) return row;
  for await (const current of watchPackage(deps, row, signal)) {
    if (current.status !== row.status) return current;
  }
  return findPackage(deps.database.read, row.app_id, row.id);
}
