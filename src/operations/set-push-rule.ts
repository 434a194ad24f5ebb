import { randomUUID } from 'node:crypto';
import { insertAuditEntry } from '../database/audit.ts';
import type { Database } from '../database/database.ts';
import { listPushRules, movePushRule, type OwnedPushRule, putPushRule } from '../database/push-rules.ts';
import type { AppRow } from '../database/schema.ts';
import type { User } from '../database/users.ts';
import { parseRuleBranch } from '../domain/push/push-rule.ts';
import { parseVersionRule } from '../domain/push/version-rule.ts';
import { quote, Refusal } from '../domain/refusal.ts';
import type { SetPushRule } from '../protocol/pushes.ts';

export interface SetPushRuleDeps {
  readonly database: Database;
  readonly clock: () => number;
}

const MOST_RULES = 100;

/**
 * Sets the rule of an app for a branch, in place of the one that it has: from then on its builds are the user's.
 *
 * @throws Refusal INVALID_PARAMETERS; PUSH_RULE_NOT_FOUND for the one to stand before
 */
export async function setPushRule(
  { database, clock }: SetPushRuleDeps,
  args: { readonly user: User; readonly app: AppRow; readonly branch: string; readonly request: SetPushRule },
): Promise<OwnedPushRule> {
  const { user, app, request } = args;
  const branch = parseRuleBranch(args.branch);
  const version = parseVersionRule(request.Version ?? 'next-patch');
  const before = request.Before === undefined ? undefined : parseRuleBranch(request.Before);
  const at = clock();
  return await database.transaction(async (queries) => {
    const rules = await listPushRules(queries, app.id);
    const former = rules.find((rule) => rule.branch === branch);
    if (former === undefined && rules.length >= MOST_RULES) {
      throw new Refusal('INVALID_PARAMETERS', `The app has ${MOST_RULES} push rules already: remove one first.`);
    }
    const rule = {
      id: former?.id ?? randomUUID(),
      app_id: app.id,
      position: former?.position ?? rules.length,
      branch,
      version,
      description: request.Description ?? '',
      latest_only: request.LatestOnly === true ? 1 : 0,
      owner_id: user.id,
      changed_at: at,
    };
    await putPushRule(queries, rule);
    const owned = { ...rule, owner_login: user.login };
    const ordered = arrange(rules, owned, before);
    for (const [position, { id }] of ordered.entries()) await movePushRule(queries, id, position);
    const detail = `${branch} ${version}${rule.latest_only === 1 ? ', the latest only' : ''}`;
    await insertAuditEntry(queries, { at, login: user.login, action: 'push-rule.set', subject: app.app_id, detail });
    return owned;
  });
}

/** @param before the branch of another rule; undefined to stay in its place, or to be the last */
function arrange(
  rules: readonly OwnedPushRule[],
  rule: OwnedPushRule,
  before: string | undefined,
): readonly OwnedPushRule[] {
  const others = rules.filter(({ branch }) => branch !== rule.branch);
  if (before === rule.branch) throw new Refusal('INVALID_PARAMETERS', 'A rule cannot stand before itself.');
  const at = before === undefined ? placeOf(rules, rule) : others.findIndex(({ branch }) => branch === before);
  if (at === -1) throw new Refusal('PUSH_RULE_NOT_FOUND', `The app has no push rule for ${quote(before)}.`);
  return others.toSpliced(at, 0, rule);
}

function placeOf(rules: readonly OwnedPushRule[], { branch }: OwnedPushRule): number {
  const at = rules.findIndex((rule) => rule.branch === branch);
  return at === -1 ? rules.length : at;
}
