import { hash, randomUUID } from 'node:crypto';
import { findApp, findAppByName } from '../database/apps.ts';
import type { Database, Queries } from '../database/database.ts';
import { listPushRules, type OwnedPushRule } from '../database/push-rules.ts';
import { findPushSecret } from '../database/push-secrets.ts';
import { findSentBefore, hastenPushes, insertPush, reopenPush } from '../database/pushes.ts';
import type { AppRow } from '../database/schema.ts';
import { tell } from '../database/tell-webhooks.ts';
import { readAppSettings } from '../domain/app-settings.ts';
import { parseAppId, parseProjectId } from '../domain/identifiers.ts';
import type { SvnCommit } from '../domain/push/hook-lines.ts';
import { type BranchChange, limitPush, type Push, summarize } from '../domain/push/push.ts';
import { findRule, foreseeRule, NO_RULE } from '../domain/push/push-rule.ts';
import { readDelivery } from '../domain/push/read-push.ts';
import { Refusal } from '../domain/refusal.ts';
import { pushPayload } from '../domain/webhook-payload.ts';
import type { WirePushAnswer } from '../protocol/pushes.ts';
import { branchOfPath, layoutOf } from '../repository/svn/svn-layout.ts';
import { type SecretBox, SecretUnreadable } from '../secrets/secret-box.ts';
import { openPushSecrets } from './push-secrets.ts';
import { isSentWith, type SentBody } from './verify-push.ts';

export interface ReceivePushDeps {
  readonly database: Database;
  readonly secretBox: SecretBox;
  readonly clock: () => number;
}

/**
 * Takes a push from whoever knows the secret of the app. Once this resolves it is written down and told, and what is to be
 * built will be: see `build-pushes.ts`. A push that was sent before starts nothing again.
 *
 * @param args `app`: an AppId or a ProjectId, as it was given
 * @returns what is going to happen
 * @throws Refusal INVALID_PUSH, whatever is wrong with the sender; INVALID_PARAMETERS for what is no push
 */
export async function receivePush(
  deps: ReceivePushDeps,
  { app: name, ...sent }: SentBody & { readonly app: string },
): Promise<WirePushAnswer> {
  const app = await findSender(deps, name, sent);
  const delivery = readDelivery(sent.header, sent.body.toString('utf8'));
  if (delivery.kind === 'other') return nothing(`The event '${delivery.event}' starts no builds.`);
  const push = delivery.kind === 'svn' ? readSvnPush(app, delivery.commit) : delivery.push;
  if (push.repositoryType !== app.kind) {
    const kinds = { git: 'Git', svn: 'Subversion' };
    const message = `The app '${app.app_id}' is on ${kinds[app.kind]}, and this is a push to ${kinds[push.repositoryType]}.`;
    throw new Refusal('INVALID_PARAMETERS', message);
  }
  const names = delivery.kind === 'svn' ? nameCommit(app, delivery.commit) : nameDelivery(sent);
  const taken = await deps.database.transaction((queries) => writePush(deps, queries, { app, push, names }));
  return describe(push, taken);
}

/** @throws Refusal INVALID_PUSH */
async function findSender({ database, secretBox, clock }: ReceivePushDeps, name: string, sent: SentBody) {
  const reference = parseAppId(name.trim()) ?? parseProjectId(name.trim());
  // What can be no name is looked for all the same: it takes as long.
  const app = await findAppByName(database.read, reference ?? ('' as NonNullable<typeof reference>));
  const row = await findPushSecret(database.read, app?.id ?? '');
  const secrets = row === undefined ? [] : listGood(secretBox, row, clock());
  if (!(await isSentWith(secrets, sent)) || app === undefined) throw new Refusal('INVALID_PUSH');
  return app;
}

function listGood(box: SecretBox, row: Parameters<typeof openPushSecrets>[1], now: number): readonly string[] {
  try {
    const { current, former } = openPushSecrets(box, row);
    return former !== undefined && former.until > now ? [current, former.secret] : [current];
  } catch (error) {
    if (error instanceof SecretUnreadable) return [];
    throw error;
  }
}

/** A commit to Subversion, as pushes to the branches that it changed. */
function readSvnPush(app: AppRow, { revision, pusher, changed }: SvnCommit): Push {
  const layout = layoutOf(readAppSettings(app.settings), app.main_branch ?? undefined);
  const changes = new Map<string, BranchChange>();
  const ignored: string[] = [];
  for (const { path, isDeleted } of changed) {
    const branch = branchOfPath(layout, app.repository, path);
    if (branch === undefined) continue;
    if (branch.isTop && isDeleted) {
      ignored.push(`The branch ${branch.name} was deleted.`);
      continue;
    }
    const { name, isMainLine } = branch;
    const before = String(Number(revision) - 1);
    changes.set(name, { branch: name, isMainLine, before, after: revision, commits: [] });
  }
  if (changes.size === 0 && ignored.length === 0) ignored.push(`Revision ${revision} changed no branch.`);
  return limitPush({ repositoryType: 'svn', pusher, changes: [...changes.values()], ignored });
}

/** What shows that a push was sent before. */
interface Names {
  readonly deliveryId: string | null;
  readonly digest: string | null;
}

/** A forge names what it delivers, and keeps the name when it delivers it again. */
const DELIVERY_HEADERS = [
  'x-github-delivery',
  'x-gitea-delivery',
  'x-forgejo-delivery',
  'idempotency-key', // GitLab
  'webhook-id', // GitLab, when it signs
  'x-request-uuid', // Bitbucket Cloud
] as const;

/** Longer ones are not kept. */
const MOST_NAME_CHARACTERS = 200;

function nameDelivery({ header, body }: SentBody): Names {
  // A name that many a proxy gives, too, to whatever passes it.
  const ofServer = header('x-event-key') === '' ? '' : header('x-request-id');
  const names = [...DELIVERY_HEADERS.map(header), ofServer];
  const deliveryId = names.find((value) => value !== '' && value.length <= MOST_NAME_CHARACTERS) ?? null;
  return { deliveryId, digest: saysWhen(header) ? hash('sha256', body) : null };
}

/**
 * Whether the same body never means something new, since the time of the push is in it. What the others send is the same
 * whenever a branch goes back and forth.
 */
function saysWhen(header: SentBody['header']): boolean {
  const ofGithub = ['x-github-event', 'x-gitea-event', 'x-forgejo-event'].some((name) => header(name) !== '');
  return ofGithub || header('x-event-key') === 'repo:refs_changed';
}

/** A revision of Subversion is committed once to a repository, and an app may get another one. */
function nameCommit({ repository }: AppRow, { revision }: SvnCommit): Names {
  const name = `r${revision} of ${repository}`;
  return { deliveryId: name.length <= MOST_NAME_CHARACTERS ? name : null, digest: hash('sha256', name) };
}

/** A branch of a push, and what is known of it. */
interface Taken {
  readonly change: BranchChange;
  /** Whether it had been sent before, and came to something or still waits. */
  readonly isKnown: boolean;
  /** The rule that takes it, as far as it is known whether it is the main line. */
  readonly rule: OwnedPushRule | undefined | 'depends';
  /** Whether one takes it even where it is not the main line. */
  readonly isSure: boolean;
}

async function writePush(
  { clock }: ReceivePushDeps,
  queries: Queries,
  { app, push, names }: { readonly app: AppRow; readonly push: Push; readonly names: Names },
): Promise<readonly Taken[]> {
  if ((await findApp(queries, app.id)) === undefined) throw new Refusal('INVALID_PUSH');
  const rules = await listPushRules(queries, app.id);
  const at = clock();
  await hastenPushes(queries, app.id, at);
  const taken: Taken[] = [];
  for (const told of push.changes) {
    const change = decideMainLine(app, told);
    const rule = foreseeRule(rules, change);
    const key = { app_id: app.id, branch: change.branch, delivery_id: names.deliveryId, digest: names.digest };
    const row = { ...key, before_revision: change.before, after_revision: change.after };
    const earlier = await findSentBefore(queries, row);
    // A rule may have been set since, or a right given.
    const isReopened = earlier !== undefined && rule !== undefined && (await reopenPush(queries, earlier.id, at));
    const isKnown = earlier !== undefined && !isReopened;
    const isSure = findRule(rules, { branch: change.branch, isMainLine: false }) !== undefined;
    taken.push({ change, isKnown, rule, isSure });
    if (earlier !== undefined) continue;
    await insertPush(queries, {
      ...row,
      id: randomUUID(),
      is_main_line: change.isMainLine === undefined ? null : Number(change.isMainLine),
      pusher: push.pusher,
      summary: summarize(change),
      status: rule === undefined ? 'Ignored' : 'Waiting',
      reason: rule === undefined ? NO_RULE : null,
      attempts: 0,
      received_at: at,
      due_at: at,
      ended_at: rule === undefined ? at : null,
    });
    await tell(queries, app.id, 'teamserver.push', () => pushPayload(app, change, push.repositoryType, at), at);
  }
  return taken;
}

/** What the app says of its main line counts for more than what its forge does. */
function decideMainLine({ kind, main_branch }: AppRow, change: BranchChange): BranchChange {
  if (kind === 'svn' || main_branch === null) return change;
  return { ...change, isMainLine: main_branch === change.branch };
}

function describe(push: Push, taken: readonly Taken[]): WirePushAnswer {
  const builds = taken.filter(({ rule, isKnown }) => rule !== undefined && !isKnown);
  const sentences = [
    ...push.ignored,
    ...taken.map(({ change: { branch }, isKnown, rule, isSure }) => {
      if (isKnown) return `The push to ${branch} was sent before.`;
      if (rule === undefined) return `No push rule takes ${branch}.`;
      const isOpen = rule === 'depends' && !isSure;
      return isOpen ? `${branch} is built if it is the main line.` : `${branch} is going to be built.`;
    }),
  ];
  return {
    Accepted: builds.length > 0,
    Message: sentences.slice(0, MOST_SENTENCES).join(' ') || 'Nothing was pushed.',
    Builds: builds.map(({ change, rule }) => ({
      Branch: change.branch,
      Revision: change.after,
      Rule: rule === undefined || rule === 'depends' ? null : rule.branch,
    })),
  };
}

const MOST_SENTENCES = 20;

function nothing(Message: string): WirePushAnswer {
  return { Accepted: false, Message, Builds: [] };
}
