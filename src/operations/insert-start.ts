import { randomUUID } from 'node:crypto';
import { insertAuditEntry } from '../database/audit.ts';
import type { Queries } from '../database/database.ts';
import { insertJob, type JobEnd } from '../database/deployment-jobs.ts';
import type { AppRow, DeploymentJobRow, EnvironmentRow } from '../database/schema.ts';
import type { Login, PackageId } from '../domain/identifiers.ts';
import type { SecretBox } from '../secrets/secret-box.ts';
import { decideSettings } from './decide-settings.ts';

export interface NewStart {
  /** Whose doing it is. */
  readonly login: Login;
  readonly app: Pick<AppRow, 'app_id'>;
  readonly environment: Pick<EnvironmentRow, 'id' | 'app_id' | 'mode'>;
  readonly packageId: PackageId;
  readonly autoSyncDb: boolean;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** A start that was written down. `failure`: why it has ended already, where its settings are not in order. */
export interface InsertedStart {
  readonly job: DeploymentJobRow;
  readonly failure: JobEnd['failure'];
}

/** Writes down that an environment is to be started, and with which settings. */
export async function insertStart(
  queries: Queries,
  secretBox: SecretBox,
  { login, app, environment, packageId, autoSyncDb, at }: NewStart,
): Promise<InsertedStart> {
  const job: DeploymentJobRow = {
    id: randomUUID(),
    environment_id: environment.id,
    kind: 'start',
    package_id: packageId,
    auto_sync_db: autoSyncDb ? 1 : 0,
    state: 'UnderWay',
    error_code: null,
    error_message: null,
    created_at: at,
    finished_at: null,
  };
  await insertJob(queries, job);
  const detail = `${environment.mode} ${packageId}`;
  await insertAuditEntry(queries, { at, login, action: 'environment.start', subject: app.app_id, detail });
  return { job, failure: await decideSettings(queries, secretBox, { environment, job, at }) };
}
