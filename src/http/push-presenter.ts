import type { OwnedPushRule } from '../database/push-rules.ts';
import type { ListedPush } from '../database/pushes.ts';
import type { WirePush, WirePushRule } from '../protocol/pushes.ts';

export function presentPushRule(row: OwnedPushRule): WirePushRule {
  return {
    Branch: row.branch,
    Version: row.version,
    Description: row.description,
    LatestOnly: row.latest_only === 1,
    Owner: row.owner_login,
    ChangeDate: row.changed_at,
  };
}

export function presentPush(row: ListedPush): WirePush {
  return {
    PushId: row.id,
    Date: row.received_at,
    Branch: row.branch,
    Before: row.before_revision,
    After: row.after_revision,
    Pusher: row.pusher,
    Summary: row.summary,
    Status: row.status,
    Rule: row.rule_branch,
    Reason: row.reason,
    PackageId: row.package_id,
    PackageStatus: row.package_status,
    Version: row.version,
    Attempts: row.attempts,
  };
}
