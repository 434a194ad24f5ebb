import {
  formatRights,
  type GuardedEnvironment,
  NO_PERMISSIONS,
  type Permissions,
  readRights,
} from '../domain/permissions.ts';
import type { Right } from '../protocol/permissions.ts';
import type { Queries } from './database.ts';
import type { EnvironmentRow, UserRow } from './schema.ts';

/** What a user was given, as a list of permissions shows it. */
export interface PermissionEntry {
  readonly userId: string;
  readonly login: string;
  readonly name: string;
  readonly environmentId: string | null;
  /** null for the whole app. */
  readonly mode: string | null;
  readonly rights: ReadonlySet<Right>;
}

/** An environment, as far as rights on it go. */
export function guardedEnvironment(row: Pick<EnvironmentRow, 'id' | 'is_production'>): GuardedEnvironment {
  return { id: row.id, isProduction: row.is_production === 1 };
}

/** What a user was given on an app. */
export async function findPermissions(queries: Queries, appKey: string, userId: string): Promise<Permissions> {
  const rows = await queries
    .selectFrom('permissions')
    .select(['environment_id', 'rights'])
    .where('app_id', '=', appKey)
    .where('user_id', '=', userId)
    .execute();
  return collectPermissions(
    rows.map(({ environment_id, rights }) => ({ environmentId: environment_id, rights: readRights(rights) })),
  );
}

/** @param entries those of one user on one app */
export function collectPermissions(entries: readonly Pick<PermissionEntry, 'environmentId' | 'rights'>[]): Permissions {
  const own = new Map<string, ReadonlySet<Right>>();
  let { appWide } = NO_PERMISSIONS;
  for (const { environmentId, rights } of entries) {
    if (environmentId === null) appWide = rights;
    else own.set(environmentId, rights);
  }
  return { appWide, own };
}

/** All that was given on an app: by login, first for the whole app, then by environment. */
export async function listPermissions(queries: Queries, appKey: string): Promise<PermissionEntry[]> {
  const rows = await queries
    .selectFrom('permissions')
    .innerJoin('users', 'users.id', 'permissions.user_id')
    .leftJoin('environments', 'environments.id', 'permissions.environment_id')
    .select(['permissions.user_id', 'login', 'users.name', 'permissions.environment_id', 'mode', 'rights'])
    .where('permissions.app_id', '=', appKey)
    .orderBy('login')
    .orderBy(({ eb }) => eb('permissions.environment_id', 'is not', null))
    .orderBy('mode_key')
    .execute();
  return rows.map(({ user_id, environment_id, rights, ...shown }) => ({
    ...shown,
    userId: user_id,
    environmentId: environment_id,
    rights: readRights(rights),
  }));
}

/** The users who have API Rights on an app or on one of its environments, by login. */
export function listApiRights(queries: Queries, appKey: string): Promise<UserRow[]> {
  return queries
    .selectFrom('users')
    .selectAll('users')
    .where('id', 'in', (nested) =>
      nested.selectFrom('permissions').select('user_id').where('app_id', '=', appKey).where('rights', 'like', '%api%'),
    )
    .orderBy('login')
    .execute();
}

/** Writes what a user was given on an app from now on, in place of all that was there. */
export async function replacePermissions(
  queries: Queries,
  { appKey, userId }: { readonly appKey: string; readonly userId: string },
  { appWide, own }: Permissions,
): Promise<void> {
  await queries.deleteFrom('permissions').where('app_id', '=', appKey).where('user_id', '=', userId).execute();
  const whole = appWide.size === 0 ? [] : [[null, appWide] as const];
  for (const [environmentId, rights] of [...whole, ...own]) {
    await queries
      .insertInto('permissions')
      .values({ app_id: appKey, user_id: userId, environment_id: environmentId, rights: formatRights(rights) })
      .execute();
  }
}

export async function deletePermissionsOfEnvironment(queries: Queries, environmentId: string): Promise<void> {
  await queries.deleteFrom('permissions').where('environment_id', '=', environmentId).execute();
}

export async function deletePermissionsOfApp(queries: Queries, appKey: string): Promise<void> {
  await queries.deleteFrom('permissions').where('app_id', '=', appKey).execute();
}
