import type { PackageRow } from '../database/schema.ts';
import { presentBranch } from '../domain/branch-name.ts';
import type { WirePackage } from '../protocol/package.ts';

/**
 * A package as clients see it.
 *
 * @param expiryDate see `operations/find-expiry-dates.ts`
 * @param url present only when it was asked for and the package has its file
 */
export function presentPackage(
  row: PackageRow,
  expiryDate: number | null,
  url?: NonNullable<WirePackage['Url']>,
): WirePackage {
  return {
    PackageId: row.id,
    Name: row.name,
    Description: row.description,
    Version: row.version,
    Creator: row.creator_name,
    CreationDate: row.created_at,
    Status: row.status,
    Size: row.size_bytes,
    Branch: row.origin === 'upload' ? '' : presentBranch({ name: row.branch, isMainLine: row.is_main_line === 1 }),
    Revision: row.revision,
    Sha256: row.sha256,
    StatusReason: row.failure_reason,
    FinishedDate: row.finished_at,
    DurationMs: row.started_at === null || row.finished_at === null ? null : row.finished_at - row.started_at,
    TagStatus: row.tag_status,
    TagMessage: row.tag_message,
    DeployStatus: row.deploy_status,
    DeployMessage: row.deploy_message,
    MendixVersion: row.mendix_version,
    Pinned: row.pinned === 1,
    ExpiryDate: expiryDate,
    ...(row.problems !== null && { Problems: JSON.parse(row.problems) }),
    ...(url !== undefined && { Url: url }),
  };
}
