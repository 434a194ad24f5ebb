import { findApp } from '../database/apps.ts';
import type { Database } from '../database/database.ts';
import { listPushRules, type OwnedPushRule } from '../database/push-rules.ts';
import { endPush, listWaitingPushes, type PushEnd, postponePush } from '../database/pushes.ts';
import type { AppRow, PushRow } from '../database/schema.ts';
import type { BranchRequest } from '../domain/branch-name.ts';
import { summarizeMessage } from '../domain/push/push.ts';
import { foreseeRule, NO_RULE } from '../domain/push/push-rule.ts';
import { Refusal } from '../domain/refusal.ts';
import { type Repository, RepositoryError, type ResolvedRevision } from '../repository/repository.ts';
import type { Tracing } from '../tracing/tracing.ts';
import type { AcceptBuildDeps } from './accept-build.ts';
import { acceptPush, PushEnded } from './accept-push.ts';

export interface BuildPushDeps extends AcceptBuildDeps {
  readonly database: Database;
  readonly tracing: Tracing;
  readonly repositoryOf: (app: AppRow) => Repository;
  /** Told of what nobody foresaw; the push is tried again. */
  readonly onError: (error: unknown, pushId: string) => void;
}

const FIRST_DELAY_MS = 1000;
const LONGEST_DELAY_MS = 10 * 60 * 1000;
/** How long a repository may be away. */
const PATIENCE_MS = 24 * 60 * 60 * 1000;
/** A forge may tell of a push before it shows it. Other pushes have it tried at once: the time counts as well. */
const MOST_ATTEMPTS_TO_SEE = 5;
const TIME_TO_SEE_MS = 15_000;
const LONGEST_DELAY_TO_SEE_MS = 8000;

/**
 * Sees to the pushes of an app that wait, oldest first, until none is due: starts the build that a rule wants, or says why
 * there is none. What it decides is written in the transaction that accepts the build, so that each push starts one and
 * no other, whenever the process ends; and so that no two of them get the same version.
 */
export async function buildPushes(deps: BuildPushDeps, appKey: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const [first, ...newer] = await listWaitingPushes(deps.database.read, appKey);
    const app = await findApp(deps.database.read, appKey);
    if (first === undefined || app === undefined) return;
    // Those behind it want the same repository, and versions in their order.
    if (first.due_at > deps.clock()) return;
    await buildPush(deps, { app, push: first, newer }, signal);
  }
}

interface Turn {
  readonly app: AppRow;
  readonly push: PushRow;
  /** Those that wait behind it. */
  readonly newer: readonly PushRow[];
}

async function buildPush(deps: BuildPushDeps, turn: Turn, signal: AbortSignal): Promise<void> {
  try {
    await tryPush(deps, turn, signal);
  } catch (error) {
    if (signal.aborted) return;
    await putOff(deps, turn.push, error);
  }
}

async function tryPush(deps: BuildPushDeps, { app, push, newer }: Turn, signal: AbortSignal): Promise<void> {
  const { database, tracing, clock } = deps;
  const span = tracing.begin('push', undefined);
  const rules = await listPushRules(database.read, app.id);
  const isMainLine = push.is_main_line === null ? undefined : push.is_main_line === 1;
  const foreseen = foreseeRule(rules, { branch: push.branch, isMainLine });
  const at = clock();
  if (foreseen !== 'depends') {
    const end = endEarly(foreseen, push, newer, at);
    if (end !== undefined) return await finish(database, push, end);
  }
  const revision = await resolvePush(deps, app, push, signal);
  const summary = push.summary || (await readSummary(deps.repositoryOf(app), revision, signal));
  const resolved = { app, push: { ...push, summary }, revision, span };
  if (await database.transaction((queries) => acceptPush(deps, queries, resolved))) span.end();
}

/** How a push ends that no repository has to be asked about. */
function endEarly(
  rule: OwnedPushRule | undefined,
  { branch }: PushRow,
  newer: readonly PushRow[],
  at: number,
): PushEnd | undefined {
  if (rule === undefined) return { status: 'Ignored', reason: NO_RULE, at };
  if (rule.latest_only === 0 || newer.every((other) => other.branch !== branch)) return undefined;
  return { status: 'Overtaken', rule, reason: 'A newer push to the branch came before its turn.', at };
}

async function finish(database: Database, push: PushRow, end: PushEnd): Promise<void> {
  await database.transaction((queries) => endPush(queries, push.id, end));
}

async function resolvePush(
  { repositoryOf }: BuildPushDeps,
  app: AppRow,
  { branch: name, is_main_line, after_revision }: PushRow,
  signal: AbortSignal,
): Promise<ResolvedRevision> {
  const isTrunk = app.kind === 'svn' && is_main_line === 1;
  const branch: BranchRequest = isTrunk ? { mainLine: true } : { mainLine: false, name, orMainLine: false };
  return await repositoryOf(app).resolve({ branch, revision: after_revision }, signal);
}

/** Hooks tell of no commits: what the newest one says is in the repository. */
async function readSummary(repository: Repository, { id }: ResolvedRevision, signal: AbortSignal): Promise<string> {
  try {
    const [facts] = await repository.readRevisions([id], signal);
    return summarizeMessage(facts?.message ?? '');
  } catch (error) {
    if (error instanceof RepositoryError) return '';
    throw error;
  }
}

async function putOff({ database, clock, onError }: BuildPushDeps, push: PushRow, error: unknown): Promise<void> {
  if (error instanceof PushEnded) return;
  const attempts = push.attempts + 1;
  const reason = explain(error);
  if (!isKnown(error)) onError(error, push.id);
  const at = clock();
  const waitedMs = at - push.received_at;
  if (isFinal(error, attempts, waitedMs) || waitedMs > PATIENCE_MS) {
    return await finish(database, push, { status: 'Failed', reason, at });
  }
  const longestMs = waitedMs < TIME_TO_SEE_MS ? LONGEST_DELAY_TO_SEE_MS : LONGEST_DELAY_MS;
  const delayMs = Math.min(FIRST_DELAY_MS * 2 ** push.attempts, longestMs);
  await database.transactionInReserve((queries) =>
    postponePush(queries, push.id, { attempts, due_at: at + delayMs, reason }),
  );
}

function isKnown(error: unknown): boolean {
  return error instanceof RepositoryError || error instanceof Refusal;
}

function explain(error: unknown): string {
  return isKnown(error) && error instanceof Error ? error.message : 'A fault of Slipway: its log has the details.';
}

/** Whether it is the same however often it is tried. */
function isFinal(error: unknown, attempts: number, waitedMs: number): boolean {
  if (error instanceof Refusal) return error.code !== 'STORAGE_FULL';
  if (!(error instanceof RepositoryError)) return false;
  switch (error.kind) {
    case 'unknown-branch':
    case 'unknown-revision':
    case 'not-on-branch':
      return attempts >= MOST_ATTEMPTS_TO_SEE && waitedMs >= TIME_TO_SEE_MS;
    case 'ambiguous-revision':
      return true;
    case 'unreachable':
    case 'refused':
    case 'no-space':
    case 'unreadable':
    case 'bad-address':
      return false;
    default:
      return error.kind satisfies never;
  }
}
