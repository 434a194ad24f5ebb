import { findApp } from '../database/apps.ts';
import { insertAuditEntry } from '../database/audit.ts';
import type { Database, Queries } from '../database/database.ts';
import {
  findPermissions,
  guardedEnvironment,
  listPermissions,
  type PermissionEntry,
  replacePermissions,
} from '../database/permissions.ts';
import type { AppRow } from '../database/schema.ts';
import type { User } from '../database/users.ts';
import type { Mode } from '../domain/environment-mode.ts';
import type { Login } from '../domain/identifiers.ts';
import { applyChange, listRights, type PermissionChange } from '../domain/permissions.ts';
import { Refusal } from '../domain/refusal.ts';
import { getEnvironment } from './get-environment.ts';
import { getUser } from './get-user.ts';

export interface ChangePermissionsDeps {
  readonly database: Database;
  readonly clock: () => number;
}

/**
 * Changes what a user may do on an app, or on one environment of it. Doing it twice changes nothing.
 *
 * @param args `mode`: undefined for the whole app; `changes`: done in their order
 * @returns all that the user was given on the app from then on
 * @throws Refusal USER_NOT_FOUND, ENVIRONMENT_NOT_FOUND, APP_NOT_FOUND
 */
export async function changePermissions(
  { database, clock }: ChangePermissionsDeps,
  { user, app, mode, login, changes }: ChangePermissionsArguments,
): Promise<readonly PermissionEntry[]> {
  return await database.transaction(async (queries) => {
    if ((await findApp(queries, app.id)) === undefined) throw new Refusal('APP_NOT_FOUND');
    const subject = await getUser(queries, login);
    const environment = mode === undefined ? undefined : await getEnvironment(queries, app, mode);
    const guarded = environment && guardedEnvironment(environment);
    const key = { appKey: app.id, userId: subject.id };
    const before = await findPermissions(queries, app.id, subject.id);
    const after = changes.reduce((permissions, change) => applyChange(permissions, change, guarded), before);
    await replacePermissions(queries, key, after);
    const entry = { at: clock(), login: user.login, subject: app.app_id };
    await writeAudit(queries, changes, entry, { login, mode: environment?.mode });
    const entries = await listPermissions(queries, app.id);
    return entries.filter(({ userId }) => userId === subject.id);
  });
}

interface ChangePermissionsArguments {
  readonly user: User;
  readonly app: AppRow;
  readonly mode: Mode | undefined;
  readonly login: Login;
  readonly changes: readonly PermissionChange[];
}

async function writeAudit(
  queries: Queries,
  changes: readonly PermissionChange[],
  entry: { readonly at: number; readonly login: string; readonly subject: string },
  { login, mode }: { readonly login: Login; readonly mode: string | undefined },
): Promise<void> {
  for (const change of changes) {
    const { action, rights } = describeChange(change, mode);
    const detail = `${login}, ${mode ?? 'the whole app'}: ${rights}`;
    await insertAuditEntry(queries, { ...entry, action, detail });
  }
}

function describeChange(change: PermissionChange, mode: string | undefined) {
  if (change.kind !== 'remove') {
    return { action: `rights.${change.kind}`, rights: listRights(change.rights).join(', ') || 'none' };
  }
  return mode === undefined
    ? { action: 'rights.revoke', rights: 'all' }
    : { action: 'rights.reset', rights: 'as the app' };
}
