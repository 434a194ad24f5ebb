import { Refusal } from '../domain/refusal.ts';
import type { WireCursors } from '../protocol/app-repository.ts';

/** Where a page begins: what a cursor holds. Clients get it as text that says nothing. */
export interface PageStart {
  readonly skip: number;
  /** The head that the line of commits began at when the first page was read. */
  readonly headId?: string;
}

/** @throws Refusal INVALID_PARAMETERS for a text that {@link formatCursor} did not make */
export function parseCursor(text: string | undefined): PageStart {
  if (text === undefined) return { skip: 0 };
  const [, skip, headId] = /^(\d{1,9})(?: ([0-9a-f]{1,64}))?$/.exec(Buffer.from(text, 'base64url').toString()) ?? [];
  if (skip === undefined) throw new Refusal('INVALID_PARAMETERS', 'The cursor is none that this list has given.');
  return { skip: Number(skip), ...(headId !== undefined && { headId }) };
}

export function formatCursor({ skip, headId }: PageStart): string {
  return Buffer.from(headId === undefined ? `${skip}` : `${skip} ${headId}`).toString('base64url');
}

/** The cursors beside a page. */
export function cursorsOf(page: PageStart & { readonly limit: number; readonly total: number }): WireCursors {
  const { skip, headId, limit, total } = page;
  const at = (start: number) => formatCursor({ skip: start, ...(headId !== undefined && { headId }) });
  const last = Math.max(0, Math.ceil(total / limit) - 1) * limit;
  return {
    first: at(0),
    ...(skip > 0 && { prev: at(Math.max(0, skip - limit)) }),
    ...(skip + limit < total && { next: at(skip + limit) }),
    last: at(last),
  };
}
