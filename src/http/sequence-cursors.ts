import type { PageOfRows, PageRequest } from '../database/page-by-sequence.ts';
import { Refusal } from '../domain/refusal.ts';
import type { WirePageCursors } from '../protocol/webhooks.ts';
import { parseBooleanParameter, parseCountParameter, readParameter } from './query-parameters.ts';

const LIMIT = { min: 1, max: 100 };
const CURSOR = /^(before|after) (\d{1,15})$/;

/**
 * Which page of a list is asked for: by `cursor`, `limit` and `ascOrder`.
 *
 * @param usual how many where no limit is given
 * @throws Refusal INVALID_PARAMETERS
 */
export function parsePage(query: unknown, usual: number): PageRequest {
  const beside = parseCursor(readParameter(query, 'cursor'));
  return {
    ascending: parseBooleanParameter(query, 'ascOrder'),
    limit: parseCountParameter(query, 'limit', { ...LIMIT, fallback: usual }),
    ...(beside !== undefined && { beside }),
  };
}

/** The cursors beside a page, as text that says nothing to clients. */
export function cursorsAround({
  rows,
  hasBefore,
  hasAfter,
}: PageOfRows<{ readonly sequence: number }>): WirePageCursors {
  const [first, last] = [rows.at(0), rows.at(-1)];
  return {
    ...(hasBefore && first !== undefined && { prev: formatCursor('before', first.sequence) }),
    ...(hasAfter && last !== undefined && { next: formatCursor('after', last.sequence) }),
  };
}

function parseCursor(text: string | undefined): PageRequest['beside'] {
  if (text === undefined) return undefined;
  const [, side, sequence] = CURSOR.exec(Buffer.from(text, 'base64url').toString()) ?? [];
  if ((side === 'before' || side === 'after') && sequence !== undefined) return { side, sequence: Number(sequence) };
  const message = 'The cursor is none that this list has given.';
  throw new Refusal('INVALID_PARAMETERS', message, { parameter: 'cursor' });
}

function formatCursor(side: 'before' | 'after', sequence: number): string {
  return Buffer.from(`${side} ${sequence}`).toString('base64url');
}
