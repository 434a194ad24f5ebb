import { collectPermissions, type PermissionEntry } from '../database/permissions.ts';
import type { AppRow } from '../database/schema.ts';
import { type GuardedEnvironment, givenOn, listRights } from '../domain/permissions.ts';
import type { WirePermissions } from '../protocol/permissions.ts';

/** As they were given. */
export function presentPermissions(app: AppRow, entries: readonly PermissionEntry[]): WirePermissions {
  return {
    TechnicalContact: app.technical_contact,
    Permissions: entries.map(({ login, name, mode, rights }) => ({
      Login: login,
      Name: name,
      Environment: mode,
      Rights: listRights(rights),
    })),
  };
}

/** What holds on one environment, of everybody who was given something on the app. */
export function presentPermissionsOn(
  app: AppRow,
  entries: readonly PermissionEntry[],
  environment: GuardedEnvironment & { readonly mode: string },
): WirePermissions {
  const byUser = Map.groupBy(entries, ({ userId }) => userId);
  const effective = [...byUser.values()].flatMap((own) => {
    const rights = givenOn(collectPermissions(own), environment);
    return own.slice(0, 1).map((entry) => ({ ...entry, mode: environment.mode, rights }));
  });
  return presentPermissions(app, effective);
}
