/** What one row of the table may be asked to reach. */
export interface Goal {
  /** Whether the figure itself or its ratio to the reference counts. */
  readonly of: 'figure' | 'ratio';
  readonly is: 'at most' | 'at least';
  readonly value: number;
}

/** One line of the table: a figure, and the figure of something known, from the same run. */
export interface Row {
  readonly title: string;
  readonly unit: 'ms' | '/s' | 'MB/s' | 'MiB' | 'µs' | 'builds' | 'commits';
  readonly figure: number;
  /** Undefined where there is nothing to compare with. */
  readonly reference?: { readonly title: string; readonly figure: number };
  /** Undefined where it is told for what can be reckoned with it. */
  readonly goal?: Goal;
}

/** A part of the benchmark that can be run alone. @returns its rows, in their order */
export type RowGroup = (bench: Bench) => Promise<readonly Row[]>;

/** What a group of rows is run with. */
export interface Bench {
  /** Registers what is to be undone when the group ends, last first. */
  after(work: () => unknown): void;
  /** Tells the person who waits what is measured now. */
  say(text: string): void;
}

export function ratioOf({ figure, reference }: Row): number | undefined {
  return reference === undefined ? undefined : figure / reference.figure;
}

/** @returns undefined where there is no goal */
export function isReached(row: Row): boolean | undefined {
  if (row.goal === undefined) return undefined;
  const { of, is, value } = row.goal;
  const reached = of === 'figure' ? row.figure : ratioOf(row);
  if (reached === undefined) throw new Error(`The row '${row.title}' has no reference to compare with.`);
  return is === 'at most' ? reached <= value : reached >= value;
}
