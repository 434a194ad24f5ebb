import { insertAuditEntry } from '../database/audit.ts';
import type { Database } from '../database/database.ts';
import { updateMove } from '../database/moves.ts';
import { deletePackageRow } from '../database/packages.ts';
import type { MoveRow } from '../database/schema.ts';
import { listUnfinishedUploads } from '../database/uploads.ts';
import { parseLogin } from '../domain/identifiers.ts';
import type { LostFile } from './move-packages.ts';
import { deleteAndRecord } from './record-lost-package.ts';

/**
 * Lets servers start on what was moved, in one transaction with what they must not find: packages without their file,
 * each with an entry in the audit log, and uploads that were cut off, of which nobody was told.
 *
 * @param at in milliseconds since 1970
 */
export async function finishMove(
  database: Database,
  { source, place }: Pick<MoveRow, 'source' | 'place'>,
  lost: readonly LostFile[],
  at: number,
): Promise<void> {
  await database.transaction(async (queries) => {
    for (const { id } of await listUnfinishedUploads(queries, Number.MAX_SAFE_INTEGER))
      await deletePackageRow(queries, id);
    for (const { row, verdict } of lost) await deleteAndRecord(queries, row, verdict, at);
    const login = parseLogin('admin');
    await insertAuditEntry(queries, { at, login, action: 'server.move', subject: '', detail: `from ${place}` });
    await updateMove(queries, source, { finished_at: at });
  });
}
