/** How long to wait between what is tried again, in milliseconds. */
export interface Pacing {
  /** After the first failure of a request; twice that after the next, and so on. */
  readonly retryMs: number;
  /** After a status that is not there yet was first seen; a little longer each time, up to `mostPollMs`. */
  readonly pollMs: number;
  readonly mostPollMs: number;
  /** How long a status may sound like a failure before it is believed: it may be of what was there before. */
  readonly troubleMs: number;
  /** How long one request may take. */
  readonly requestMs: number;
}

export const PACING: Pacing = { retryMs: 250, pollMs: 500, mostPollMs: 5_000, troubleMs: 60_000, requestMs: 30_000 };
