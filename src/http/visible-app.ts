import { findVisibleApp } from '../database/apps.ts';
import type { Queries } from '../database/database.ts';
import type { AppRow } from '../database/schema.ts';
import { parseAppId, parseProjectId } from '../domain/identifiers.ts';
import { Refusal } from '../domain/refusal.ts';
import type { ErrorCode } from '../protocol/error-codes.ts';
import type { Caller } from './authentication.ts';

/** How a call answers for an app that it cannot use. The documentation differs from call to call. */
export interface AppRefusals {
  readonly malformed: ErrorCode;
  /** Unknown, or not visible to the caller: nobody can tell which. */
  readonly notFound: ErrorCode;
  /** For the malformed one; the usual sentence when absent. */
  readonly message?: string;
}

/**
 * Finds the app of a call.
 *
 * @param text an AppId or a ProjectId, in any case
 * @throws Refusal as `refusals` say
 */
export async function getVisibleApp(
  queries: Queries,
  caller: Caller,
  text: string,
  refusals: AppRefusals,
): Promise<AppRow> {
  const known = caller.apps.get(text);
  if (known !== undefined) return known;
  const reference = parseAppId(text.trim()) ?? parseProjectId(text.trim());
  if (reference === undefined) throw new Refusal(refusals.malformed, refusals.message);
  const app = await findVisibleApp(queries, caller.user, reference);
  if (app === undefined) throw new Refusal(refusals.notFound);
  if (caller.apps.size < MOST_APPS) caller.apps.set(text, app);
  return app;
}

const MOST_APPS = 100;
