/** How much of the time of a start each of its commands may take, so that there is some left to go back. */
export interface ShareOfTime {
  /** For stopping what ran, and again for what a start that failed may have left. */
  readonly stop: number;
  readonly start: number;
  /** For starting what ran before. */
  readonly startAgain: number;
}

export function shareOfTime(timeoutMs: number): ShareOfTime {
  return {
    stop: Math.round(timeoutMs / 8),
    start: Math.round(timeoutMs / 2),
    startAgain: Math.round(timeoutMs / 5),
  };
}
