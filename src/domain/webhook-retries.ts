/*
 * When what a webhook could not be told is told again, and when that is given up. Times are milliseconds since 1970.
 */

const SECOND_MS = 1000;
const HOUR_MS = 60 * 60 * SECOND_MS;
const DAY_MS = 24 * HOUR_MS;
const LONGEST_REST_MS = 60 * SECOND_MS;
/** About a quarter of an hour of them: after a long stop of the server, the first failure is not the last attempt. */
const LEAST_ATTEMPTS = 10;

/** When a message is due again. @param failures attempts at it that have failed, this one included */
export function nextAttemptAt(failures: number, now: number): number {
  return now + doubled(failures, HOUR_MS);
}

/**
 * Until when a webhook rests whose endpoint failed.
 *
 * @param failures attempts that have failed since the last one that did not, this one included
 * @param askedMs for how long the endpoint asked to be left alone, of which an hour is granted
 */
export function restsUntil(failures: number, askedMs: number | undefined, now: number): number {
  return now + Math.max(doubled(failures, LONGEST_REST_MS), Math.min(askedMs ?? 0, HOUR_MS));
}

/** Until when a message or a webhook may have been put off at the most, by a clock that was set back by a little since. */
export function latestPause(now: number): number {
  return now + HOUR_MS + LONGEST_REST_MS;
}

/** Whether a message or a webhook has failed for so long, and so often, that it is given up. */
export function isGivenUp(failures: number, since: number, now: number): boolean {
  return failures >= LEAST_ATTEMPTS && now - since >= DAY_MS;
}

function doubled(failures: number, mostMs: number): number {
  return Math.min(SECOND_MS * 2 ** (failures - 1), mostMs);
}
