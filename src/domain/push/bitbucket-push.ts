import { fieldAt, firstText, listAt, textAt } from './json-fields.ts';
import { collectPush, malformed, type Push, type PushedCommit, type RefUpdate } from './push.ts';

/*
 * Bitbucket Cloud: support.atlassian.com, "Event payloads", `repo:push`. A change has `old` and `new`, of which one is
 * null where the branch is new or deleted, and the newest commits. Bitbucket Data Center: confluence.atlassian.com,
 * "Event payload", `repo:refs_changed`, which tells of no commits.
 */

const NOWHERE = '0'.repeat(40);

/** @throws Refusal INVALID_PARAMETERS */
export function readBitbucketCloudPush(body: unknown): Push {
  const changes = fieldAt(body, 'push', 'changes');
  if (!Array.isArray(changes)) throw malformed('it has no list of changes');
  const actor = fieldAt(body, 'actor');
  return collectPush(firstText(textAt(actor, 'display_name'), textAt(actor, 'nickname')), changes.map(readCloudChange));
}

function readCloudChange(change: unknown): RefUpdate {
  const named = fieldAt(change, 'new') ?? fieldAt(change, 'old');
  const isBranch = /branch$/.test(textAt(named, 'type'));
  const hashOf = (side: string) => firstText(textAt(change, side, 'target', 'hash'), NOWHERE);
  return {
    ref: `${isBranch ? 'refs/heads' : 'refs/tags'}/${textAt(named, 'name')}`,
    before: hashOf('old'),
    after: hashOf('new'),
    commits: listAt(change, 'commits').map(readCloudCommit).toReversed(),
    mainBranch: '',
  };
}

/** The author as Git has it: a name, and an address in angle brackets. */
const RAW_AUTHOR = /^(.*?)\s*<([^<>]*)>$/;

function readCloudCommit(commit: unknown): PushedCommit {
  const raw = textAt(commit, 'author', 'raw');
  const [, name = raw, email = ''] = RAW_AUTHOR.exec(raw) ?? [];
  return {
    id: textAt(commit, 'hash'),
    message: textAt(commit, 'message'),
    authorName: firstText(name, textAt(commit, 'author', 'user', 'display_name')),
    authorEmail: email,
    authorDate: textAt(commit, 'date'),
  };
}

/** @throws Refusal INVALID_PARAMETERS */
export function readBitbucketServerPush(body: unknown): Push {
  const changes = fieldAt(body, 'changes');
  if (!Array.isArray(changes)) throw malformed('it has no list of changes');
  const actor = fieldAt(body, 'actor');
  const updates = changes.map((change: unknown) => ({
    ref: firstText(textAt(change, 'ref', 'id'), textAt(change, 'refId')),
    before: textAt(change, 'fromHash'),
    after: textAt(change, 'toHash'),
    commits: [],
    mainBranch: '',
  }));
  return collectPush(firstText(textAt(actor, 'displayName'), textAt(actor, 'name')), updates);
}
