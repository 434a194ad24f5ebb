import { randomUUID } from 'node:crypto';
import { updateAppRow } from '../database/apps.ts';
import { insertAuditEntry } from '../database/audit.ts';
import type { Queries } from '../database/database.ts';
import { insertEnvironment, listEnvironments } from '../database/environments.ts';
import type { AppRow } from '../database/schema.ts';
import type { User } from '../database/users.ts';
import { SANDBOX } from '../domain/environment-mode.ts';
import { Refusal } from '../domain/refusal.ts';
import { queueNewestDeployment } from './queue-deployment.ts';

export interface MakeFreeArgs {
  readonly user: User;
  readonly app: Pick<AppRow, 'id' | 'app_id'>;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/**
 * Makes an app a free one: gives it the one environment that it has, unless that is there, and has the newest package
 * that it has built deployed there. Part of a transaction.
 *
 * @throws Refusal INVALID_PARAMETERS where it has another environment
 */
export async function makeFree(queries: Queries, { user, app, at }: MakeFreeArgs): Promise<void> {
  const environments = await listEnvironments(queries, app.id);
  const other = environments.find(({ mode_key }) => mode_key !== SANDBOX.key);
  if (other !== undefined) {
    throw new Refusal(
      'INVALID_PARAMETERS',
      `The app '${app.app_id}' has the environment '${other.mode}', and a free app has '${SANDBOX.text}' alone: delete the others first.`,
    );
  }
  await updateAppRow(queries, app.id, { license: 'free' });
  if (environments.length === 0) await insertSandbox(queries, { user, app, at });
  await queueNewestDeployment(queries, app.id, at);
}

/** Nothing deploys there but what `record` remembers: an admin who wants more deletes it, and creates it anew. */
async function insertSandbox(queries: Queries, { user, app, at }: MakeFreeArgs): Promise<void> {
  await insertEnvironment(queries, {
    id: randomUUID(),
    app_id: app.id,
    mode: SANDBOX.text,
    mode_key: SANDBOX.key,
    target: 'record',
    target_options: null,
    is_production: 0,
    url: '',
    status: 'Empty',
    package_id: null,
    running_package_id: null,
    created_at: at,
  });
  const entry = { login: user.login, action: 'environment.create', subject: app.app_id, detail: SANDBOX.text };
  await insertAuditEntry(queries, { at, ...entry });
}
