import { RIGHT_WORDS, type Right } from '../protocol/permissions.ts';

/** What a user was given on an app. */
export interface Permissions {
  /** Holds for every environment that has no rights of its own below; empty where nothing was given. */
  readonly appWide: ReadonlySet<Right>;
  /** By the id of an environment; an empty set takes there what the app gives. */
  readonly own: ReadonlyMap<string, ReadonlySet<Right>>;
}

/** Who asks, as far as the rights on an app go. */
export interface Holder {
  readonly isAdmin: boolean;
  readonly isTechnicalContact: boolean;
  readonly permissions: Permissions;
}

/** An environment, as far as rights on it go. */
export interface GuardedEnvironment {
  readonly id: string;
  readonly isProduction: boolean;
}

export const NO_PERMISSIONS: Permissions = { appWide: new Set(), own: new Map() };
const ALL: ReadonlySet<Right> = new Set(RIGHT_WORDS);

/**
 * What somebody may do on one environment. API Rights that were given for the whole app do not reach Production: there
 * they are given by name.
 */
export function rightsOn(holder: Holder, environment: GuardedEnvironment): ReadonlySet<Right> {
  if (holder.isAdmin) return ALL;
  const given = givenOn(holder.permissions, environment);
  return holder.isTechnicalContact ? given.union(MANAGES) : given;
}

/** Whether somebody has a right on at least one environment; what was given for the whole app counts without any. */
export function hasSomewhere(holder: Holder, right: Right): boolean {
  if (holder.isAdmin || (holder.isTechnicalContact && right === 'permissions')) return true;
  const { appWide, own } = holder.permissions;
  return appWide.has(right) || own.values().some((rights) => rights.has(right));
}

/** Whether somebody has a right on the whole app and on each environment with rights of its own. */
export function hasEverywhere(holder: Holder, right: Right): boolean {
  if (holder.isAdmin || (holder.isTechnicalContact && right === 'permissions')) return true;
  const { appWide, own } = holder.permissions;
  return appWide.has(right) && own.values().every((rights) => rights.has(right));
}

const MANAGES: ReadonlySet<Right> = new Set(['permissions'] as const);

/** The rights that a user has on an environment by what was given, Technical Contact or not. */
export function givenOn({ appWide, own }: Permissions, { id, isProduction }: GuardedEnvironment): ReadonlySet<Right> {
  const rights = own.get(id);
  if (rights !== undefined) return rights;
  return isProduction ? appWide.difference(BY_NAME) : appWide;
}

const BY_NAME: ReadonlySet<Right> = new Set(['api'] as const);

/** As rights are stored: in the order of {@link RIGHT_WORDS}, with blanks between them. */
export function formatRights(rights: ReadonlySet<Right>): string {
  return listRights(rights).join(' ');
}

/** @param text as {@link formatRights} wrote it */
export function readRights(text: string): ReadonlySet<Right> {
  const stored = text.split(' ');
  return new Set(RIGHT_WORDS.filter((right) => stored.includes(right)));
}

/** Each once, in the order of {@link RIGHT_WORDS}. */
export function listRights(rights: ReadonlySet<Right>): Right[] {
  return RIGHT_WORDS.filter((right) => rights.has(right));
}

/** What somebody does to the permissions of a user. */
export type PermissionChange =
  | { readonly kind: 'set'; readonly rights: ReadonlySet<Right> }
  | { readonly kind: 'grant' | 'revoke'; readonly rights: ReadonlySet<Right> }
  /** On an environment: what the app gives holds again. On the app: nothing is left, on no environment. */
  | { readonly kind: 'remove' };

/**
 * The permissions of a user after a change: on one environment, or on the whole app. Granting takes nothing away, and
 * what is revoked for the whole app is gone from every environment.
 */
export function applyChange(
  permissions: Permissions,
  change: PermissionChange,
  environment: GuardedEnvironment | undefined,
): Permissions {
  return environment === undefined ? changeApp(permissions, change) : changeOwn(permissions, change, environment);
}

function changeApp({ appWide, own }: Permissions, change: PermissionChange): Permissions {
  switch (change.kind) {
    case 'set':
      return { appWide: change.rights, own };
    case 'grant':
      return { appWide: appWide.union(change.rights), own };
    case 'revoke':
      return {
        appWide: appWide.difference(change.rights),
        own: new Map(own.entries().map(([id, rights]) => [id, rights.difference(change.rights)])),
      };
    case 'remove':
      return NO_PERMISSIONS;
  }
}

function changeOwn(permissions: Permissions, change: PermissionChange, environment: GuardedEnvironment): Permissions {
  const own = new Map(permissions.own);
  if (change.kind === 'remove') own.delete(environment.id);
  else own.set(environment.id, changeRights(givenOn(permissions, environment), change));
  return { ...permissions, own };
}

function changeRights(
  given: ReadonlySet<Right>,
  { kind, rights }: Exclude<PermissionChange, { readonly kind: 'remove' }>,
): ReadonlySet<Right> {
  switch (kind) {
    case 'set':
      return rights;
    case 'grant':
      return given.union(rights);
    case 'revoke':
      return given.difference(rights);
  }
}
