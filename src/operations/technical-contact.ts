import type { Queries } from '../database/database.ts';
import { type Login, parseLogin } from '../domain/identifiers.ts';
import { getUser } from './get-user.ts';

/** The login that was given for the Technical Contact of an app; null for none. @throws Refusal INVALID_PARAMETERS */
export function readContact(given: string | null | undefined): Login | null {
  return given === undefined || given === null ? null : parseLogin(given);
}

/** @throws Refusal USER_NOT_FOUND */
export async function checkContact(queries: Queries, contact: Login | null): Promise<void> {
  if (contact !== null) await getUser(queries, contact);
}
