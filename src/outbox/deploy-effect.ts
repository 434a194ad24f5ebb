import type { Queries } from '../database/database.ts';
import { listDeployEntries } from '../database/deploy-entries.ts';
import { deleteEntry } from '../database/outbox.ts';
import { findAnyPackage, updateDeploy } from '../database/packages.ts';
import type { OutboxRow, PackageRow } from '../database/schema.ts';
import { Refusal } from '../domain/refusal.ts';
import {
  type DeployEnd,
  type DeployToSandboxDeps,
  deployToSandbox,
  describeNewer,
} from '../operations/deploy-to-sandbox.ts';
import type { Tracing } from '../tracing/tracing.ts';
import type { Attempt, Effect } from './outbox.ts';

/**
 * Deploys the packages of free apps: of those that an app has waiting, the one that was accepted last. The others are
 * skipped then, also those that are being tried again. How it went stands on the package.
 */
export function deployEffect(deps: DeployEffectDeps): Effect {
  return {
    perform: (entries, signal) => deployNewest(deps, entries, signal),
    async recordFailure(queries, entry, { error, final }) {
      const reason = error instanceof Refusal ? error.message : 'An unexpected error, which is in the server log.';
      await updateDeploy(queries, entry.package_id, {
        deploy_status: final ? 'Failed' : 'Pending',
        deploy_message: final ? `Given up: ${reason}` : `Tried again soon: ${reason}`,
      });
    },
  };
}

export interface DeployEffectDeps extends DeployToSandboxDeps {
  readonly tracing: Tracing;
  /** Told of what no target has foreseen. */
  readonly onError: (error: unknown) => void;
}

async function deployNewest(
  deps: DeployEffectDeps,
  entries: readonly OutboxRow[],
  signal: AbortSignal,
): Promise<readonly Attempt[]> {
  const appKey = entries[0]?.app_id ?? '';
  const newestId = await deps.database.transaction((queries) => skipOlder(queries, appKey));
  const entry = entries.find(({ id }) => id === newestId);
  // It is tried again later, or the app is gone with all of them.
  if (entry === undefined) return [];
  try {
    const end = await traceDeployment(deps, entry, () =>
      deployToSandbox(deps, { appKey, packageId: entry.package_id }, signal),
    );
    return [{ entry, record: (queries) => updateDeploy(queries, entry.package_id, describeEnd(end)) }];
  } catch (error) {
    if (!(error instanceof Refusal) && !signal.aborted) deps.onError(error);
    return [{ entry, error }];
  }
}

async function traceDeployment(
  { database, tracing }: DeployEffectDeps,
  { package_id: packageId }: OutboxRow,
  deploy: () => Promise<DeployEnd>,
): Promise<DeployEnd> {
  const row = await findAnyPackage(database.read, packageId);
  const span = tracing.resume('deploy', row?.trace_parent ?? null);
  span.describe({ packageId });
  try {
    const end = await deploy();
    span.describe({ outcome: end.kind });
    span.end();
    return end;
  } catch (error) {
    span.end({ failure: error instanceof Refusal ? error.code : 'internal' });
    throw error;
  }
}

/** Leaves of what an app has waiting the newest alone. @returns its entry */
async function skipOlder(queries: Queries, appKey: string): Promise<number | undefined> {
  const [newest, ...older] = await listDeployEntries(queries, appKey);
  for (const { id, package_id } of older) {
    await deleteEntry(queries, id);
    if (newest !== undefined && package_id !== newest.package_id) {
      await updateDeploy(queries, package_id, { deploy_status: 'Skipped', deploy_message: describeNewer(newest) });
    }
  }
  return newest?.id;
}

function describeEnd(end: DeployEnd): Pick<PackageRow, 'deploy_status' | 'deploy_message'> {
  switch (end.kind) {
    case 'done':
      return { deploy_status: 'Done', deploy_message: null };
    case 'skipped':
      return { deploy_status: 'Skipped', deploy_message: end.why };
    case 'stopped':
      return { deploy_status: 'Failed', deploy_message: 'It was stopped while it started.' };
    default:
      return end satisfies never;
  }
}
