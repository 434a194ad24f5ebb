import { Readable } from 'node:stream';
import type { Queries } from '../database/database.ts';
import { listPackages } from '../database/packages.ts';
import type { AppRow, PackageRow } from '../database/schema.ts';
import { findExpiryDates } from '../operations/find-expiry-dates.ts';
import { presentPackage } from './package-presenter.ts';

/** Rows that are in memory at once, and JSON that is written at once. */
const PAGE_SIZE = 250;

/**
 * The packages of an app, newest first, as the text of one JSON array. A short list is a string; a longer one is read
 * page by page while it is sent, so that memory does not grow with it.
 */
export async function openPackageList(queries: Queries, app: AppRow): Promise<string | Readable> {
  const first = await listPackages(queries, app.id, { limit: PAGE_SIZE });
  if (first.length < PAGE_SIZE) return `[${await formatPage(queries, app, first)}]`;
  return Readable.from(writeList(queries, app, first), { objectMode: false });
}

async function* writeList(queries: Queries, app: AppRow, first: readonly PackageRow[]): AsyncGenerator<string> {
  yield `[${await formatPage(queries, app, first)}`;
  let before = first.at(-1)?.sequence;
  while (before !== undefined) {
    const page: readonly PackageRow[] = await listPackages(queries, app.id, { before, limit: PAGE_SIZE });
    if (page.length > 0) yield `,${await formatPage(queries, app, page)}`;
    before = page.length < PAGE_SIZE ? undefined : page.at(-1)?.sequence;
  }
  yield ']';
}

async function formatPage(queries: Queries, app: AppRow, rows: readonly PackageRow[]): Promise<string> {
  const dates = await findExpiryDates(queries, app, rows);
  return rows.map((row, at) => JSON.stringify(presentPackage(row, dates[at] ?? null))).join(',');
}
