import type { FastifyRequest } from 'fastify';
import { findVisibleApp } from '../database/apps.ts';
import type { Queries } from '../database/database.ts';
import type { HoldingEnvironment } from '../database/environments.ts';
import { findPermissions, guardedEnvironment } from '../database/permissions.ts';
import type { AppRow } from '../database/schema.ts';
import type { User } from '../database/users.ts';
import { type Mode, parseMode } from '../domain/environment-mode.ts';
import { parseAppId, parseProjectId } from '../domain/identifiers.ts';
import { hasEverywhere, hasSomewhere, rightsOn } from '../domain/permissions.ts';
import { Refusal } from '../domain/refusal.ts';
import { getEnvironment } from '../operations/get-environment.ts';
import type { ErrorCode } from '../protocol/error-codes.ts';
import type { Right } from '../protocol/permissions.ts';
import type { Caller, SeenApp } from './authentication.ts';
import { callerOf } from './caller.ts';
import { describeMissing } from './missing-rights.ts';
import type { RightsNeeded } from './operation-description.ts';

/** How a call answers for an app that it cannot use. The documentation differs from call to call. */
export interface AppRefusals {
  readonly malformed: ErrorCode;
  /** Unknown, or not visible to the caller: nobody can tell which. */
  readonly notFound: ErrorCode;
  /** For the malformed one; the usual sentence when absent. */
  readonly message?: string;
}

/** What of a request says who asks for which app, and what the call needs there. */
type AppRequest = Pick<FastifyRequest<{ Params: { readonly app: string } }>, 'caller' | 'needs' | 'params'>;
type EnvironmentRequest = Pick<
  FastifyRequest<{ Params: { readonly app: string; readonly mode: string } }>,
  'caller' | 'needs' | 'params'
>;

/**
 * The app of a call that its caller may make: the only way to it, so that no call forgets to look.
 *
 * @throws Refusal as `refusals` say, NO_ACCESS
 */
export async function getVisibleApp(queries: Queries, request: AppRequest, refusals: AppRefusals): Promise<AppRow> {
  const { needs } = request;
  const seen = await getSeenApp(queries, request, refusals);
  if (needs === 'admin' || needs === 'sight') return seen.app;
  if (typeof needs !== 'object' || needs.on === 'the-environment') throw new Error('This call is not about an app.');
  const has = needs.on === 'any-environment' ? hasSomewhere : hasEverywhere;
  requireRights(request, seen, needs, (right) => has(seen.holder, right));
  return seen.app;
}

/** The environment of a call, and its app. */
export interface VisibleEnvironment {
  readonly user: User;
  readonly app: AppRow;
  readonly mode: Mode;
  readonly environment: HoldingEnvironment;
}

/**
 * The environment of a call that its caller may make: the only way to it, so that no call forgets to look.
 *
 * @throws Refusal as `refusals` say, then INVALID_PARAMETERS, INVALID_ENVIRONMENT, ENVIRONMENT_NOT_FOUND, NO_ACCESS
 */
export async function getVisibleEnvironment(
  queries: Queries,
  request: EnvironmentRequest,
  refusals: AppRefusals,
): Promise<VisibleEnvironment> {
  const { needs, params } = request;
  const { user } = callerOf(request);
  const seen = await getSeenApp(queries, request, refusals);
  const mode = parseMode(params.mode);
  const environment = await getEnvironment(queries, seen.app, mode);
  if (typeof needs !== 'object' || needs.on !== 'the-environment') throw new Error('This call is not about one.');
  const rights = rightsOn(seen.holder, guardedEnvironment(environment));
  requireRights(request, seen, needs, (right) => rights.has(right), environment.mode);
  return { user, app: seen.app, mode, environment };
}

/** @throws Refusal NO_ACCESS */
function requireRights(
  request: AppRequest,
  { app }: SeenApp,
  needs: RightsNeeded,
  has: (right: Right) => boolean,
  mode?: string,
): void {
  const missing = needs.rights.filter((right) => !has(right));
  if (missing.length === 0) return;
  const { login } = callerOf(request).user;
  throw new Refusal('NO_ACCESS', describeMissing({ missing, on: needs.on, app, login, mode }));
}

/** @throws Refusal as `refusals` say */
function getSeenApp(queries: Queries, request: AppRequest, refusals: AppRefusals): SeenApp | Promise<SeenApp> {
  const caller = callerOf(request);
  return caller.apps.get(request.params.app) ?? findSeenApp(queries, caller, request.params.app, refusals);
}

/** @param text an AppId or a ProjectId, in any case */
async function findSeenApp(
  queries: Queries,
  { user, apps }: Caller,
  text: string,
  refusals: AppRefusals,
): Promise<SeenApp> {
  const reference = parseAppId(text.trim()) ?? parseProjectId(text.trim());
  if (reference === undefined) throw new Refusal(refusals.malformed, refusals.message);
  const app = await findVisibleApp(queries, user, reference);
  if (app === undefined) throw new Refusal(refusals.notFound);
  const permissions = await findPermissions(queries, app.id, user.id);
  const isTechnicalContact = app.technical_contact === user.login;
  const seen = { app, holder: { isAdmin: user.isAdmin, isTechnicalContact, permissions } };
  if (apps.size < MOST_APPS) apps.set(text, seen);
  return seen;
}

const MOST_APPS = 100;
