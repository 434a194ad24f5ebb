import type { AppId, ProjectId } from '../domain/identifiers.ts';
import type { Queries } from './database.ts';
import { prepareLookUp } from './look-up.ts';
import type { AppRow, UserRow } from './schema.ts';
import type { User } from './users.ts';

/**
 * Finds an app that a user may see: every app for an admin, else those with API Rights. A hidden app and one that does
 * not exist take the same query and give the same answer.
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

function visibleApps(queries: Queries, user: User) {
  return queries
    .selectFrom('apps')
    .selectAll('apps')
    .where(({ exists, or, selectFrom, val }) =>
      or([
        val(user.isAdmin ? 1 : 0).$castTo<boolean>(),
        exists(
          selectFrom('api_rights')
            .select('user_id')
            .whereRef('api_rights.app_id', '=', 'apps.id')
            .where('user_id', '=', user.id),
        ),
      ]),
    );
}

/** Finds an app by the id that other tables know it by. */
export const findApp = prepareLookUp<string, AppRow>((queries) =>
  queries.selectFrom('apps').selectAll().where('id', '=', ''),
);

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

/** Deletes an app and every row that belongs to it. */
export async function deleteAppRows(queries: Queries, key: string): Promise<void> {
  await queries.deleteFrom('outbox').where('app_id', '=', key).execute();
  await queries.deleteFrom('idempotency_keys').where('app_id', '=', key).execute();
  await queries.deleteFrom('packages').where('app_id', '=', key).execute();
  await queries.deleteFrom('api_rights').where('app_id', '=', key).execute();
  await queries.deleteFrom('apps').where('id', '=', key).execute();
}

/** Who has API Rights on an app, by login. */
export function listApiRights(queries: Queries, key: string): Promise<UserRow[]> {
  return queries
    .selectFrom('users')
    .innerJoin('api_rights', 'api_rights.user_id', 'users.id')
    .selectAll('users')
    .where('api_rights.app_id', '=', key)
    .orderBy('login')
    .execute();
}

/** Gives API Rights; giving them twice changes nothing. */
export async function insertApiRights(queries: Queries, key: string, userId: string, at: number): Promise<void> {
  await queries
    .insertInto('api_rights')
    .values({ app_id: key, user_id: userId, created_at: at })
    .onConflict((conflict) => conflict.columns(['app_id', 'user_id']).doNothing())
    .execute();
}

export async function deleteApiRights(queries: Queries, key: string, userId: string): Promise<void> {
  await queries.deleteFrom('api_rights').where('app_id', '=', key).where('user_id', '=', userId).execute();
}
