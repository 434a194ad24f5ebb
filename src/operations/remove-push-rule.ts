import { insertAuditEntry } from '../database/audit.ts';
import type { Database } from '../database/database.ts';
import { deletePushRule } from '../database/push-rules.ts';
import type { AppRow } from '../database/schema.ts';
import type { User } from '../database/users.ts';
import { parseRuleBranch } from '../domain/push/push-rule.ts';
import { quote, Refusal } from '../domain/refusal.ts';

export interface RemovePushRuleDeps {
  readonly database: Database;
  readonly clock: () => number;
}

/** Forgets the rule of an app for a branch. @throws Refusal INVALID_PARAMETERS, PUSH_RULE_NOT_FOUND */
export async function removePushRule(
  { database, clock }: RemovePushRuleDeps,
  args: { readonly user: User; readonly app: AppRow; readonly branch: string },
): Promise<void> {
  const { user, app } = args;
  const branch = parseRuleBranch(args.branch);
  await database.transaction(async (queries) => {
    if (!(await deletePushRule(queries, app.id, branch))) {
      throw new Refusal('PUSH_RULE_NOT_FOUND', `The app '${app.app_id}' has no push rule for ${quote(branch)}.`);
    }
    const entry = { at: clock(), login: user.login, action: 'push-rule.remove', subject: app.app_id, detail: branch };
    await insertAuditEntry(queries, entry);
  });
}
