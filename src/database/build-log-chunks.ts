import { sql } from 'kysely';
import type { PackageId } from '../domain/identifiers.ts';
import { type LogBlobName, parseLogKey } from '../domain/log-key.ts';
import { noteChange } from './change-notices.ts';
import type { Queries } from './database.ts';
import { findAnyPackage } from './packages.ts';
import type { BuildLogChunkRow } from './schema.ts';

/*
 * A log is its chunks, one after the other without a gap: at most one blob, which holds its beginning, and then text.
 * Positions are bytes of UTF-8, and what stands at one never changes, whatever form it is kept in.
 */

/** A chunk of less than that takes what comes next, so that a log has a bounded number of them. */
const SMALL_CHUNK_BYTES = 8 * 1024;

/** What an attempt adds to the log of its package. */
export interface LogAddition {
  readonly packageId: PackageId;
  readonly attempt: number;
  /** Where the attempt believes that the log ends. */
  readonly position: number;
  /** Each is kept in a chunk at most. */
  readonly texts: readonly string[];
  /** Whether it may have been written before: then it is not, if the log ends where it would. */
  readonly isRepeated: boolean;
}

/** @returns where the log ends then; undefined when another attempt has begun, or the package is gone: nothing is added */
export async function appendToLog(queries: Queries, addition: LogAddition): Promise<number | undefined> {
  const { packageId, attempt, position, isRepeated } = addition;
  if ((await findAnyPackage(queries, packageId))?.attempt !== attempt) return undefined;
  const last = await findLastChunk(queries, packageId);
  const start = endOf(last);
  const added = addition.texts.map((text) => ({ text, size: Buffer.byteLength(text) }));
  const sizeBytes = added.reduce((sum, { size }) => sum + size, 0);
  if (isRepeated && start === position + sizeBytes) return start;
  let end = start;
  const [first] = added;
  if (first !== undefined && last?.blob_key === null && last.size_bytes + first.size <= SMALL_CHUNK_BYTES) {
    await extend(queries, last, first);
    end += first.size;
    added.shift();
  }
  const rows = added.map(({ text, size }): BuildLogChunkRow => {
    end += size;
    return { package_id: packageId, position: end - size, size_bytes: size, text, blob_key: null };
  });
  if (rows.length > 0) await queries.insertInto('build_log_chunks').values(rows).execute();
  noteChange(queries, `log:${packageId}`);
  return end;
}

async function extend(
  queries: Queries,
  { package_id, position }: BuildLogChunkRow,
  { text, size }: { readonly text: string; readonly size: number },
): Promise<void> {
  await queries
    .updateTable('build_log_chunks')
    .set(({ eb }) => ({ text: sql<string>`text || ${text}`, size_bytes: eb('size_bytes', '+', size) }))
    .where('package_id', '=', package_id)
    .where('position', '=', position)
    .execute();
}

/** Bytes of a log; 0 when there is none. */
export async function findLogSize(queries: Queries, packageId: PackageId): Promise<number> {
  return endOf(await findLastChunk(queries, packageId));
}

async function findLastChunk(queries: Queries, packageId: PackageId): Promise<BuildLogChunkRow | undefined> {
  return await chunksOf(queries, packageId).selectAll().orderBy('position', 'desc').limit(1).executeTakeFirst();
}

function endOf(chunk: BuildLogChunkRow | undefined): number {
  return chunk === undefined ? 0 : chunk.position + chunk.size_bytes;
}

function chunksOf(queries: Queries, packageId: PackageId) {
  return queries.selectFrom('build_log_chunks').where('package_id', '=', packageId);
}

/** The next chunks of a log, from the one on that holds the byte at `from`; none where it ends before. */
export function listLogChunks(
  queries: Queries,
  packageId: PackageId,
  { from, limit }: { readonly from: number; readonly limit: number },
): Promise<BuildLogChunkRow[]> {
  const holder = chunksOf(queries, packageId).where('position', '<=', from).orderBy('position', 'desc').limit(1);
  return chunksOf(queries, packageId)
    .selectAll()
    .where('position', '>=', holder.select('position'))
    .where(({ eb, ref }) => eb(eb('position', '+', ref('size_bytes')), '>', from))
    .orderBy('position')
    .limit(limit)
    .execute();
}

/** A page of the packages that have a log, in the order of their ids. @param page `after`: the last one seen */
export function listLogs(queries: Queries, page: LogPage): Promise<PackageId[]> {
  return pageOf(logsOf(queries).where('package_id', '>', page.after), page);
}

/** Of these, those that have text still though their build has ended: whoever was to finish them did not. */
export function listUnfinishedLogs(queries: Queries, page: LogPage): Promise<PackageId[]> {
  const unfinished = logsOf(queries)
    .where('blob_key', 'is', null)
    .where(({ exists, selectFrom }) => {
      const ofLog = selectFrom('packages').select('id').whereRef('packages.id', '=', 'build_log_chunks.package_id');
      return exists(ofLog.where('status', 'in', ['Succeeded', 'Failed']));
    });
  return pageOf(unfinished.where('package_id', '>', page.after), page);
}

export interface LogPage {
  readonly after: PackageId;
  readonly limit: number;
}

function logsOf(queries: Queries) {
  return queries.selectFrom('build_log_chunks').select('package_id').distinct();
}

async function pageOf(logs: ReturnType<typeof logsOf>, { limit }: LogPage): Promise<PackageId[]> {
  const rows = await logs.orderBy('package_id').limit(limit).execute();
  return rows.map(({ package_id }) => package_id);
}

/**
 * Puts a blob in the place of the chunks that it holds, so that what comes after them goes on after it.
 *
 * @returns the blobs that it replaces; undefined when it cannot take any place: the log is gone, or another blob holds as
 *   much, or its last chunk has grown since
 */
export async function replaceByBlob(
  queries: Queries,
  { packageId, sizeBytes }: LogBlobName,
  key: string,
): Promise<string[] | undefined> {
  const held = chunksOf(queries, packageId).where('position', '<', sizeBytes);
  const last = await held.selectAll().orderBy('position', 'desc').limit(1).executeTakeFirst();
  if (endOf(last) !== sizeBytes || last?.blob_key !== null) return undefined;
  const former = await held.select('blob_key').where('blob_key', 'is not', null).execute();
  await queries
    .deleteFrom('build_log_chunks')
    .where('package_id', '=', packageId)
    .where('position', '<', sizeBytes)
    .execute();
  await queries
    .insertInto('build_log_chunks')
    .values({ package_id: packageId, position: 0, size_bytes: sizeBytes, text: null, blob_key: key })
    .execute();
  return former.flatMap(({ blob_key }) => blob_key ?? []);
}

/**
 * Whether a blob is part of a log, or may become so by {@link replaceByBlob}, which whoever wrote it may be about to call.
 * One that may not can be deleted: it will not be part of it later.
 */
export async function ownsLogBlob(
  queries: Queries,
  { packageId, sizeBytes }: LogBlobName,
  key: string,
): Promise<boolean> {
  const log = await chunksOf(queries, packageId)
    .select(({ fn, eb, ref }) => [
      fn.max(eb('position', '+', ref('size_bytes'))).as('end'),
      fn.max('blob_key').as('blob_key'),
    ])
    .executeTakeFirst();
  if (log?.blob_key === key) return true;
  const kept = parseLogKey(log?.blob_key ?? '')?.sizeBytes ?? 0;
  return kept < sizeBytes && sizeBytes <= Number(log?.end ?? 0);
}

/** Deletes a log. @returns the blobs that were part of it, which nobody needs any more */
export async function deleteLog(queries: Queries, packageId: PackageId): Promise<string[]> {
  const chunks = await queries
    .deleteFrom('build_log_chunks')
    .where('package_id', '=', packageId)
    .returning('blob_key')
    .execute();
  noteChange(queries, `log:${packageId}`);
  return chunks.flatMap(({ blob_key }) => blob_key ?? []);
}
