import { Readable } from 'node:stream';
import type { Queries } from '../database/database.ts';
import { listPackages } from '../database/packages.ts';
import type { PackageRow } from '../database/schema.ts';
import { presentPackage } from './package-presenter.ts';

/** Rows that are in memory at once, and JSON that is written at once. */
const PAGE_SIZE = 250;

/**
 * The packages of an app, newest first, as the text of one JSON array. A short list is a string; a longer one is read
 * page by page while it is sent, so that memory does not grow with it.
 */
export async function openPackageList(queries: Queries, appKey: string): Promise<string | Readable> {
  const first = await listPackages(queries, appKey, { limit: PAGE_SIZE });
  if (first.length < PAGE_SIZE) return `[${formatPage(first)}]`;
  return Readable.from(writeList(queries, appKey, first), { objectMode: false });
}

async function* writeList(queries: Queries, appKey: string, first: readonly PackageRow[]): AsyncGenerator<string> {
  yield `[${formatPage(first)}`;
  let before = first.at(-1)?.sequence;
  while (before !== undefined) {
    const page: readonly PackageRow[] = await listPackages(queries, appKey, { before, limit: PAGE_SIZE });
    if (page.length > 0) yield `,${formatPage(page)}`;
    before = page.length < PAGE_SIZE ? undefined : page.at(-1)?.sequence;
  }
  yield ']';
}

function formatPage(rows: readonly PackageRow[]): string {
  return rows.map((row) => JSON.stringify(presentPackage(row))).join(',');
}
