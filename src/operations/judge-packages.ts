import type { Queries } from '../database/database.ts';
import { listDeployEntries } from '../database/deploy-entries.ts';
import { listPackagesInUse } from '../database/environments.ts';
import { listHeldLast } from '../database/held-packages.ts';
import { listNewestOfBranches } from '../database/kept-packages.ts';
import { rememberFound } from '../database/look-up.ts';
import type { PackageRow } from '../database/schema.ts';
import type { PackageFacts, RetentionRule } from '../domain/retention.ts';

type Judged = Pick<PackageRow, 'id' | 'sequence' | 'branch' | 'status' | 'created_at' | 'pinned'>;

/**
 * Gathers what keeps packages of an app, or does not: with the same few queries, however many there are.
 *
 * @param rows a page of them: what lies between the first and the last is looked at
 * @returns the facts of each, in their order
 */
export async function gatherFacts(
  queries: Queries,
  appKey: string,
  rule: RetentionRule,
  rows: readonly Judged[],
): Promise<readonly PackageFacts[]> {
  if (rows.length === 0) return [];
  const { inUse, heldLast } = await findUses(queries, appKey);
  const isNewest = await findNewest(queries, appKey, rule, rows);
  return rows.map((row) => ({
    status: row.status,
    createdAt: row.created_at,
    isPinned: row.pinned === 1,
    isInUse: inUse.has(row.id),
    isHeldLast: heldLast.has(row.id),
    isNewest: isNewest(row),
  }));
}

/** The packages of an app that are in use, and those that its environments held last. */
const findUses = rememberFound(async (queries, appKey: string) => {
  const waiting = await listDeployEntries(queries, appKey);
  return {
    inUse: new Set([...(await listPackagesInUse(queries, appKey)), ...waiting.map((entry) => entry.package_id)]),
    heldLast: new Set(await listHeldLast(queries, appKey)),
  };
});

/** What Succeeded and what Failed is counted apart: a branch that breaks for a while keeps its good packages. */
async function findNewest(
  queries: Queries,
  appKey: string,
  { keepNewest }: RetentionRule,
  rows: readonly Judged[],
): Promise<(row: Judged) => boolean> {
  if (keepNewest === 0) return () => false;
  const sequences = rows.map(({ sequence }) => sequence);
  const range = { appKey, from: Math.min(...sequences), to: Math.max(...sequences) };
  const found = await listNewestOfBranches(queries, range, keepNewest);
  const byBranch = new Map(found.map((newest) => [newest.branch, newest]));
  return ({ branch, status, sequence }) => {
    const newest = byBranch.get(branch);
    const from = status === 'Succeeded' ? newest?.succeeded : newest?.failed;
    return sequence >= (from ?? 0);
  };
}
