/** Which part of a list that is ordered by `sequence`. */
export interface PageRequest {
  readonly ascending: boolean;
  readonly limit: number;
  /** Beside which row it lies, and on which side of it as the list is read; its beginning where absent. */
  readonly beside?: { readonly side: 'before' | 'after'; readonly sequence: number };
}

export interface PageOfRows<Row> {
  readonly rows: readonly Row[];
  /** Whether the list may go on before these rows, and after them. */
  readonly hasBefore: boolean;
  readonly hasAfter: boolean;
}

/** What a page reads: rows on one side of a sequence, one more than the page holds. */
export interface Slice {
  readonly past: readonly ['>' | '<', number];
  readonly order: 'asc' | 'desc';
  readonly limit: number;
}

/**
 * Reads a page of a list that grows and shrinks meanwhile: no row is shown twice, and none is left out that was there all
 * the time.
 */
export async function readPage<Row>(
  { ascending, limit, beside }: PageRequest,
  read: (slice: Slice) => Promise<Row[]>,
): Promise<PageOfRows<Row>> {
  const isBackwards = beside?.side === 'before';
  const rises = ascending !== isBackwards;
  const beginning = rises ? -1 : Number.MAX_SAFE_INTEGER;
  const found = await read({
    past: [rises ? '>' : '<', beside?.sequence ?? beginning],
    order: rises ? 'asc' : 'desc',
    limit: limit + 1,
  });
  const rows = found.slice(0, limit);
  const hasMore = found.length > limit;
  if (isBackwards) return { rows: rows.toReversed(), hasBefore: hasMore, hasAfter: true };
  return { rows, hasBefore: beside !== undefined, hasAfter: hasMore };
}
