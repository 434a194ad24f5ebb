import { setTimeout as pause } from 'node:timers/promises';
import { findApp } from '../database/apps.ts';
import type { Database } from '../database/database.ts';
import { type JudgedPackage, listPackagesAfter, listPackagesById } from '../database/kept-packages.ts';
import type { AppRow } from '../database/schema.ts';
import { readAppSettings } from '../domain/app-settings.ts';
import type { Login } from '../domain/identifiers.ts';
import { Refusal } from '../domain/refusal.ts';
import { checkRetention, findKeepingReason, type RetentionRule, readRule } from '../domain/retention.ts';
import type { Metrics } from '../metrics/metrics.ts';
import {
  formatRetention,
  KEEPING_REASONS,
  type KeepingReason,
  MOST_NAMED,
  type Retention,
} from '../protocol/retention.ts';
import { gatherFacts } from './judge-packages.ts';
import { type RemoveFilesDeps, removeFiles, removeRows } from './remove-packages.ts';

export interface PrunePackagesDeps extends RemoveFilesDeps {
  readonly database: Database;
  readonly metrics: Pick<Metrics, 'observePruned'>;
  readonly clock: () => number;
}

export interface PrunePackagesArgs {
  readonly app: AppRow;
  /** Whose doing it is. */
  readonly login: Login;
  /** In place of what is set for the app. */
  readonly retention?: Retention | undefined;
  /** Whether to delete nothing, and only say what would go. */
  readonly dryRun: boolean;
  /** The sequence of the last package that was looked at; 0 to begin. */
  readonly after: number;
  /** Whether to leave out the packages from where all are too young to go. They are not counted then. */
  readonly onlyOld?: boolean;
}

/** What is gone, or would be; and what stays, by the first reason that keeps it. */
export interface Pruned {
  readonly retention: Retention;
  readonly count: number;
  readonly bytes: number;
  /** The first of them. */
  readonly packages: readonly JudgedPackage[];
  readonly kept: Readonly<Record<KeepingReason, number>>;
  /** Where to go on; undefined where every package was looked at. */
  readonly next: number | undefined;
}

/** Looked at, and deleted in one transaction at most: a few milliseconds. */
const PAGE = 50;
/** Rests for so many times as long as a page took: what else the server does comes first. */
const REST = 3;
const MOST_REST_MS = 100;

/**
 * Deletes the packages of an app that nothing keeps, oldest first, a page at a time. Whether anything keeps them is looked
 * at again in the transaction that deletes them: a package that was pinned or is being transported by then stays. Ends
 * after a page once the signal fires, and may be called twice at once.
 *
 * @throws Refusal INVALID_PARAMETERS for a retention that is none, or where the app has none and none is given
 */
export async function prunePackages(
  deps: PrunePackagesDeps,
  args: PrunePackagesArgs,
  signal: AbortSignal,
): Promise<Pruned> {
  const { app, dryRun } = args;
  const retention = getRetention(app, args.retention);
  const rule = readRule(retention);
  const tally = openTally(retention);
  let after = args.after;
  do {
    const began = performance.now();
    const page = await listPackagesAfter(deps.database.read, app.id, { after, limit: PAGE });
    const judged = await judge(deps, deps.database.read, { appKey: app.id, rule, rows: page });
    tally.add(dryRun ? judged : await removePage(deps, args, judged));
    const isLast = page.length < PAGE || (args.onlyOld === true && isYoung(page, rule, deps.clock()));
    after = page.at(-1)?.sequence ?? after;
    if (isLast) return tally.end(undefined);
    await pause(Math.min((performance.now() - began) * REST, MOST_REST_MS));
  } while (!signal.aborted);
  return tally.end(after);
}

/** Packages, each with what keeps it. */
type Verdicts = readonly { readonly row: JudgedPackage; readonly reason: KeepingReason | undefined }[];

function getRetention(app: AppRow, given: Retention | undefined): Retention {
  if (given !== undefined) checkRetention(given);
  const retention = given ?? readAppSettings(app.settings).Retention;
  if (retention !== null) return retention;
  const advice = 'Give KeepNewest, KeepDays or a Preset, or set the Retention of the app';
  throw new Refusal('INVALID_PARAMETERS', `The app '${app.app_id}' keeps all its packages. ${advice}.`);
}

async function judge(
  { clock }: Pick<PrunePackagesDeps, 'clock'>,
  queries: Database['read'],
  { appKey, rule, rows }: { readonly appKey: string; readonly rule: RetentionRule; readonly rows: JudgedPackage[] },
): Promise<Verdicts> {
  const facts = await gatherFacts(queries, appKey, rule, rows);
  const now = clock();
  return rows.flatMap((row, at) => {
    const known = facts[at];
    return known === undefined ? [] : [{ row, reason: findKeepingReason(rule, known, now) }];
  });
}

/** @returns what became of each: those that others deleted meanwhile are left out */
async function removePage(deps: PrunePackagesDeps, args: PrunePackagesArgs, judged: Verdicts): Promise<Verdicts> {
  const expired = judged.filter(({ reason }) => reason === undefined);
  if (expired.length === 0) return judged;
  const ids = expired.map(({ row }) => row.id);
  const again = await deps.database.transactionInReserve(async (queries) => {
    const app = await findApp(queries, args.app.id);
    const retention = app && (args.retention ?? readAppSettings(app.settings).Retention);
    // Deleted meanwhile, or told to keep everything.
    if (app === undefined || retention == null) return [];
    const rows = await listPackagesById(queries, ids);
    const verdicts = await judge(deps, queries, { appKey: app.id, rule: readRule(retention), rows });
    const gone = verdicts.flatMap(({ row, reason }) => (reason === undefined ? [row] : []));
    const note = `, not kept by ${formatRetention(retention)}`;
    const removal = { app, login: args.login, action: 'package.prune', note, at: deps.clock() } as const;
    if (gone.length > 0) await removeRows(queries, removal, gone);
    return verdicts;
  });
  const gone = again.flatMap(({ row, reason }) => (reason === undefined ? [row] : []));
  await removeFiles(deps, gone);
  deps.metrics.observePruned(gone.length, sum(gone));
  return [...judged.filter(({ reason }) => reason !== undefined), ...again];
}

/**
 * They come in the order in which they were accepted: what follows is younger still. Those that are from the future say
 * nothing of it: the clock was wrong then.
 */
function isYoung(page: readonly JudgedPackage[], { keepMs }: RetentionRule, now: number): boolean {
  const past = page.filter(({ created_at }) => created_at <= now);
  return past.length > 0 && past.every(({ created_at }) => now < created_at + keepMs);
}

function sum(rows: readonly JudgedPackage[]): number {
  return rows.reduce((bytes, { size_bytes }) => bytes + size_bytes, 0);
}

function openTally(retention: Retention) {
  const kept = Object.fromEntries(Object.keys(KEEPING_REASONS).map((reason) => [reason, 0])) as Record<
    KeepingReason,
    number
  >;
  const packages: JudgedPackage[] = [];
  let count = 0;
  let bytes = 0;
  return {
    add(verdicts: Verdicts) {
      for (const { row, reason } of verdicts) {
        if (reason !== undefined) kept[reason] += 1;
        else {
          count += 1;
          bytes += row.size_bytes;
          if (packages.length < MOST_NAMED) packages.push(row);
        }
      }
    },
    end: (next: number | undefined): Pruned => ({ retention, count, bytes, packages, kept, next }),
  };
}
