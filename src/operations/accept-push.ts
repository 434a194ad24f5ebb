import type { Queries } from '../database/database.ts';
import { changeStatus, findNewestVersion } from '../database/packages.ts';
import { findPermissions } from '../database/permissions.ts';
import { listPushRules, type OwnedPushRule } from '../database/push-rules.ts';
import { endPush, listQueuedOfRule } from '../database/pushes.ts';
import type { AppRow, PushRow, PushRuleRow } from '../database/schema.ts';
import { findUser, type User } from '../database/users.ts';
import { hasSomewhere } from '../domain/permissions.ts';
import { findRule, NO_RULE } from '../domain/push/push-rule.ts';
import { lineOf, nextVersion } from '../domain/push/version-rule.ts';
import type { ResolvedRevision } from '../repository/repository.ts';
import type { Span } from '../tracing/tracing.ts';
import { type AcceptBuildDeps, acceptBuild } from './accept-build.ts';

/** A push whose revision is known. */
export interface ResolvedPush {
  readonly app: AppRow;
  readonly push: PushRow;
  readonly revision: ResolvedRevision;
  /** What its build is accepted in. For the caller to end. */
  readonly span: Span;
}

/**
 * Decides what becomes of a push, and accepts its build where there is one: all of it in the caller's transaction.
 *
 * @returns whether there is one
 * @throws PushEnded; Refusal as `accept-build.ts`, INVALID_VERSION: then nothing may be committed
 */
export async function acceptPush(
  deps: AcceptBuildDeps,
  queries: Queries,
  { app, push, revision, span }: ResolvedPush,
): Promise<boolean> {
  const at = deps.clock();
  const { isMainLine } = revision.branch;
  const rule = findRule(await listPushRules(queries, app.id), { branch: push.branch, isMainLine });
  if (rule === undefined) {
    await endPush(queries, push.id, { status: 'Ignored', reason: NO_RULE, at });
    return false;
  }
  const user = await findOwner(queries, app, rule);
  if (typeof user === 'string') {
    await endPush(queries, push.id, { status: 'Refused', rule, reason: user, at });
    return false;
  }
  const beginning = lineOf(rule.version);
  const newest = await findNewestVersion(queries, { appKey: app.id, branch: revision.branch.name, beginning });
  const version = nextVersion(rule.version, newest);
  if (rule.latest_only === 1) await overtake(queries, { app, rule, revision, at });
  const description = say(rule, push);
  const packageId = await acceptBuild(deps, queries, { app, user, revision, version, description, span });
  // Whoever was here before has committed all of this, or nothing.
  const { summary } = push;
  if (!(await endPush(queries, push.id, { status: 'Started', rule, packageId, summary, at }))) throw new PushEnded();
  return true;
}

/** The push was seen to meanwhile: what was begun for it is undone. */
export class PushEnded extends Error {
  override readonly name = 'PushEnded';
}

/** Whose build it is. @returns why that user may not build */
async function findOwner(queries: Queries, app: AppRow, rule: OwnedPushRule): Promise<User | string> {
  const login = rule.owner_login;
  const row = await findUser(queries, login);
  if (row === undefined || row.disabled_at !== null) return `The user ${login}, who set the rule, is disabled.`;
  const user = { id: row.id, login, name: row.name, isAdmin: row.is_admin === 1 };
  const permissions = await findPermissions(queries, app.id, row.id);
  const holder = { isAdmin: user.isAdmin, isTechnicalContact: false, permissions };
  if (hasSomewhere(holder, 'api') && hasSomewhere(holder, 'transport')) return user;
  return `The user ${login}, who set the rule, has no longer API Rights and Transport Rights on the app.`;
}

/** Ends the builds of earlier pushes that have not begun. */
async function overtake(
  queries: Queries,
  {
    app,
    rule,
    revision,
    at,
  }: Pick<ResolvedPush, 'app' | 'revision'> & { readonly rule: PushRuleRow; readonly at: number },
): Promise<void> {
  const earlier = await listQueuedOfRule(queries, { appKey: app.id, ruleId: rule.id, branch: revision.branch.name });
  for (const { id, attempt } of earlier) {
    await changeStatus(queries, { packageId: id, status: 'Queued', attempt }, 'Failed', {
      failure_code: 'overtaken',
      failure_reason: 'A newer push to the branch came before this build began.',
      finished_at: at,
      lease_expires_at: null,
    });
  }
}

function say({ description }: PushRuleRow, { pusher, summary, after_revision }: PushRow): string {
  if (description !== '') return description;
  const by = pusher === '' ? 'Pushed' : `Pushed by ${pusher}`;
  return `${by}: ${summary === '' ? after_revision.slice(0, 8) : summary}`;
}
