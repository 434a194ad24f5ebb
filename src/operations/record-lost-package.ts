import type { LostPackage } from '../backup/backup-format.ts';
import { findAnyApp } from '../database/apps.ts';
import { insertAuditEntry } from '../database/audit.ts';
import type { Database, Queries } from '../database/database.ts';
import { deleteLostPackage } from '../database/lost-packages.ts';
import type { PackageRow } from '../database/schema.ts';
import { parseLogin } from '../domain/identifiers.ts';

/** Deletes a package whose file is missing or damaged, and says so in the audit log. */
export async function recordLostPackage(
  database: Database,
  row: PackageRow,
  verdict: LostPackage['Verdict'],
  at: number,
): Promise<LostPackage> {
  return await database.transaction((queries) => deleteAndRecord(queries, row, verdict, at), 'relaxed');
}

/** The same as part of a transaction. */
export async function deleteAndRecord(
  queries: Queries,
  row: PackageRow,
  verdict: LostPackage['Verdict'],
  at: number,
): Promise<LostPackage> {
  const app = await findAnyApp(queries, row.app_id);
  const Environments = await deleteLostPackage(queries, row.id, at);
  const held = Environments.length === 0 ? '' : `; it was in ${Environments.join(', ')}`;
  await insertAuditEntry(queries, {
    at,
    login: parseLogin('admin'),
    action: 'package.lost',
    subject: app?.app_id ?? row.app_id,
    detail: `${row.id} ${row.version}: its file is ${WORDS[verdict]}${held}`,
  });
  return { PackageId: row.id, Name: row.name, Verdict: verdict, Environments };
}

const WORDS: Readonly<Record<LostPackage['Verdict'], string>> = {
  missing: 'missing',
  unreadable: 'unreadable',
  'wrong size': 'of the wrong size',
  'wrong SHA-256': 'of the wrong SHA-256',
};
