import { hasEnded, type PackageStatus } from '../protocol/package.ts';
import { formatRetention, type KeepingReason, RETENTION_FIELDS, type Retention } from '../protocol/retention.ts';
import { quote, Refusal } from './refusal.ts';

/** What a retention comes to: the newest of each branch are kept, and those that are younger; 0 for neither. */
export interface RetentionRule {
  readonly keepNewest: number;
  readonly keepMs: number;
}

/** What keeps a package, or does not. */
export interface PackageFacts {
  readonly status: PackageStatus;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly isPinned: boolean;
  /** An environment holds it, runs it, or is being given it, or it waits to be deployed. */
  readonly isInUse: boolean;
  /** One of the {@link HELD_LAST} packages that an environment held before. */
  readonly isHeldLast: boolean;
  /** One of the newest of its branch that ended as it did, as many as the rule keeps. */
  readonly isNewest: boolean;
}

/**
 * Packages that an environment held last, besides the one that it holds and the one that it runs: going back to one of
 * them is always possible. As many as the hosted service keeps.
 */
export const HELD_LAST = 5;

const DAY_MS = 24 * 60 * 60 * 1000;
/** Source: the pages of the hosted service on environments, "Package retention". */
const HOSTED_DAYS = 15;

export function readRule({ Preset, KeepNewest = 0, KeepDays = 0 }: Retention): RetentionRule {
  const days = Preset === 'hosted' ? HOSTED_DAYS : KeepDays;
  return { keepNewest: KeepNewest, keepMs: days * DAY_MS };
}

/** The first reason that keeps a package; undefined where it may go. @param now milliseconds since 1970 */
export function findKeepingReason(rule: RetentionRule, facts: PackageFacts, now: number): KeepingReason | undefined {
  return findLastingReason(facts) ?? (now < facts.createdAt + rule.keepMs ? 'Young' : undefined);
}

/**
 * When a package may go, in milliseconds since 1970: in the past where it may now, and null while something keeps it
 * whose end cannot be known.
 */
export function findExpiryDate(rule: RetentionRule, facts: PackageFacts): number | null {
  return findLastingReason(facts) === undefined ? facts.createdAt + rule.keepMs : null;
}

function findLastingReason(facts: PackageFacts): KeepingReason | undefined {
  if (!hasEnded(facts.status)) return 'Unfinished';
  if (facts.isInUse) return 'InUse';
  if (facts.isPinned) return 'Pinned';
  if (facts.isHeldLast) return 'HeldLast';
  return facts.isNewest ? 'Newest' : undefined;
}

/**
 * @throws Refusal INVALID_PARAMETERS for one that keeps nothing, says two things at once, or has other fields: one that is
 *   misspelled must not make it keep less than was meant
 */
export function checkRetention(retention: Retention): void {
  const unknown = Object.keys(retention).find((name) => !RETENTION_FIELDS.includes(name));
  if (unknown !== undefined) {
    throw new Refusal('INVALID_PARAMETERS', `Retention has no ${quote(unknown)}, only ${RETENTION_FIELDS.join(', ')}.`);
  }
  const { Preset, KeepNewest, KeepDays } = retention;
  const own = KeepNewest !== undefined || KeepDays !== undefined;
  if (own !== (Preset !== undefined)) return;
  const what = own ? `${quote(formatRetention(retention))} and more` : 'empty';
  const message = `Retention is ${what}: give KeepNewest, KeepDays or both, or Preset alone; null keeps everything.`;
  throw new Refusal('INVALID_PARAMETERS', message);
}
