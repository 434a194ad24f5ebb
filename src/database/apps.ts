import type { ExpressionBuilder } from 'kysely';
import type { AppId, Login, ProjectId } from '../domain/identifiers.ts';
import { noteChange } from './change-notices.ts';
import type { Queries } from './database.ts';
import { deleteEnvironmentsOf } from './environments.ts';
import { prepareLookUp } from './look-up.ts';
import { deletePermissionsOfApp } from './permissions.ts';
import { deletePushesOf } from './pushes.ts';
import type { AppRow, Tables } from './schema.ts';
import type { User } from './users.ts';
import { deleteWebhooksOf } from './webhooks.ts';

/**
 * Finds an app that a user may see: every app for an admin, else those of which it is the Technical Contact or has a
 * right on. A hidden app and one that does not exist take the same query and give the same answer.
 */
export function findVisibleApp(
  queries: Queries,
  user: User,
  reference: AppId | ProjectId,
): Promise<AppRow | undefined> {
  return visibleApps(queries, user)
    .where(({ eb, or, val }) =>
      or([eb('app_id', '=', val(reference as AppId)), eb('project_id', '=', val(reference as ProjectId))]),
    )
    .executeTakeFirst();
}

/** Every app that a user may see, by AppId. */
export function listVisibleApps(queries: Queries, user: User): Promise<AppRow[]> {
  return visibleApps(queries, user).orderBy('app_id').execute();
}

/** What an app shows beside its row: where it is found, which is empty where no environment says so. */
export interface AppWithUrl extends AppRow {
  readonly url: string | null;
}

/** Every app that a user has API Rights on, by AppId, each with where it is found. */
export function listAppsWithUrl(queries: Queries, user: User): Promise<AppWithUrl[]> {
  return appsOf(queries, user, { rights: '%api%' }).select(urlOfApp).orderBy('app_id').execute();
}

/** Where an app is found. */
export async function findAppUrl(queries: Queries, key: string): Promise<string | null> {
  const row = await queries.selectFrom('apps').select(urlOfApp).where('apps.id', '=', key).executeTakeFirst();
  return row?.url ?? null;
}

/** Of production, else of its oldest environment. */
function urlOfApp({ selectFrom }: ExpressionBuilder<Tables, 'apps'>) {
  return selectFrom('environments')
    .select('url')
    .whereRef('environments.app_id', '=', 'apps.id')
    .orderBy('is_production', 'desc')
    .orderBy('environments.created_at')
    .limit(1)
    .as('url');
}

function visibleApps(queries: Queries, user: User) {
  return appsOf(queries, user, { rights: '_%', contact: user.login });
}

/**
 * Every app for an admin, else those that the user was given something on.
 *
 * @param kept `rights`: a pattern for what was given; `contact`: whose apps are kept as well
 */
function appsOf(queries: Queries, user: User, kept: { readonly rights: string; readonly contact?: Login }) {
  return queries
    .selectFrom('apps')
    .selectAll('apps')
    .where('deleted_at', 'is', null)
    .where(({ eb, exists, or, selectFrom, val }) =>
      or([
        val(user.isAdmin ? 1 : 0).$castTo<boolean>(),
        eb('technical_contact', '=', val(kept.contact ?? null)),
        exists(
          selectFrom('permissions')
            .select('user_id')
            .whereRef('permissions.app_id', '=', 'apps.id')
            .where('user_id', '=', user.id)
            .where('rights', 'like', kept.rights),
        ),
      ]),
    );
}

/** Finds an app by the id that other tables know it by; one that was deleted is not found. */
export const findApp = prepareLookUp<string, AppRow>((queries) =>
  queries.selectFrom('apps').selectAll().where('id', '=', '').where('deleted_at', 'is', null),
);

/** Finds an app by one of its names: for those who show by other means that they may know of it. */
export function findAppByName(queries: Queries, reference: AppId | ProjectId): Promise<AppRow | undefined> {
  return queries
    .selectFrom('apps')
    .selectAll()
    .where('deleted_at', 'is', null)
    .where(({ eb, or }) => or([eb('app_id', '=', reference as AppId), eb('project_id', '=', reference as ProjectId)]))
    .executeTakeFirst();
}

/** Finds an app also when it was deleted and has not been removed yet: its names are no longer its own then. */
export function findAnyApp(queries: Queries, id: string): Promise<AppRow | undefined> {
  return queries.selectFrom('apps').selectAll().where('id', '=', id).executeTakeFirst();
}

/** The apps whose packages do not all stay, by AppId. */
export function listAppsWithRetention(queries: Queries): Promise<AppRow[]> {
  return queries
    .selectFrom('apps')
    .selectAll()
    .where('deleted_at', 'is', null)
    .where('settings', 'like', '%"Retention":%')
    .orderBy('app_id')
    .execute();
}

/** Whether an AppId or a ProjectId is taken already. */
export async function isAppTaken(queries: Queries, appId: AppId, projectId: ProjectId): Promise<boolean> {
  const row = await queries
    .selectFrom('apps')
    .select('id')
    .where(({ eb, or }) => or([eb('app_id', '=', appId), eb('project_id', '=', projectId)]))
    .executeTakeFirst();
  return row !== undefined;
}

export async function insertApp(queries: Queries, app: AppRow): Promise<void> {
  await queries.insertInto('apps').values(app).execute();
}

export async function updateAppRow(queries: Queries, key: string, changes: Partial<AppRow>): Promise<void> {
  await queries.updateTable('apps').set(changes).where('id', '=', key).execute();
}

/** Deletes an app for everybody, and makes its names free. What belongs to it stays to be removed. */
export async function markAppDeleted(queries: Queries, key: string, at: number): Promise<void> {
  const names = { app_id: key as AppId, project_id: key as string as ProjectId };
  await queries
    .updateTable('apps')
    .set({ ...names, credentials: null, deleted_at: at })
    .where('id', '=', key)
    .execute();
  noteChange(queries, 'deleted-apps');
}

/** The ids of apps that were deleted and have not been removed yet. */
export async function listDeletedApps(queries: Queries): Promise<string[]> {
  const rows = await queries.selectFrom('apps').select('id').where('deleted_at', 'is not', null).execute();
  return rows.map(({ id }) => id);
}

/** Deletes some of the idempotency keys of an app. @returns how many */
export async function deleteIdempotencyKeysOf(queries: Queries, key: string, limit: number): Promise<number> {
  const some = await queries
    .selectFrom('idempotency_keys')
    .select(['user_id', 'key'])
    .where('app_id', '=', key)
    .limit(limit)
    .execute();
  for (const one of some) {
    await queries
      .deleteFrom('idempotency_keys')
      .where('app_id', '=', key)
      .where('user_id', '=', one.user_id)
      .where('key', '=', one.key)
      .execute();
  }
  return some.length;
}

/** Deletes an app and the rows that belong to it, once its packages and idempotency keys are gone. */
export async function deleteAppRows(queries: Queries, key: string): Promise<void> {
  await queries.deleteFrom('outbox').where('app_id', '=', key).execute();
  await deletePermissionsOfApp(queries, key);
  await queries.deleteFrom('app_secrets').where('app_id', '=', key).execute();
  await deleteWebhooksOf(queries, key);
  await deletePushesOf(queries, key);
  await deleteEnvironmentsOf(queries, key);
  await queries.deleteFrom('mendix_versions').where('app_id', '=', key).execute();
  await queries.deleteFrom('apps').where('id', '=', key).execute();
}
