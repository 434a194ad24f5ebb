import type { PermissionChange } from '../domain/permissions.ts';
import { Refusal } from '../domain/refusal.ts';
import { ChangePermissionsSchema, SetPermissionsSchema } from '../protocol/permissions.ts';
import { parseManageBody } from './manage-body.ts';

/** @throws Refusal INVALID_PARAMETERS */
export function parseSetRights(body: unknown): PermissionChange[] {
  return [{ kind: 'set', rights: new Set(parseManageBody(SetPermissionsSchema, body).Rights) }];
}

/** @throws Refusal INVALID_PARAMETERS */
export function parseChangedRights(body: unknown): PermissionChange[] {
  const { Grant = [], Revoke = [] } = parseManageBody(ChangePermissionsSchema, body);
  const given = [
    { kind: 'grant', rights: new Set(Grant) },
    { kind: 'revoke', rights: new Set(Revoke) },
  ] as const;
  const changes = given.filter(({ rights }) => rights.size > 0);
  if (changes.length > 0) return changes;
  throw new Refusal(
    'INVALID_PARAMETERS',
    'Not enough parameters given. Please set Grant or Revoke to a list of rights.',
  );
}
