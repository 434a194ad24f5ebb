import type { BlobStore } from '../blob/blob-store.ts';
import { deleteLog, findLogSize, type LogPage, listLogs, listUnfinishedLogs } from '../database/build-log-chunks.ts';
import type { Database } from '../database/database.ts';
import { findAnyPackage } from '../database/packages.ts';
import { watchChanges } from '../database/watch-changes.ts';
import { type PackageId, parsePackageId } from '../domain/identifiers.ts';
import { hasEnded } from '../protocol/package.ts';
import type { BuildLog, LogLimits } from './build-log.ts';
import { finishLog } from './finish-log.ts';
import { readLog } from './read-log.ts';
import { SharedBuildLogWriter } from './shared-build-log-writer.ts';

export interface SharedBuildLogOptions extends LogLimits {
  readonly database: Database;
  readonly blobs: Pick<BlobStore, 'create' | 'read' | 'delete'>;
}

const PAGE = 1000;

/**
 * Logs that every server on a database can read and follow, whichever worker builds: rows of text while a build runs,
 * written without waiting for the disk, so that a crash of the database may cost the last lines; a blob once it has
 * ended. The commit that adds lines wakes whoever follows.
 */
export function openSharedBuildLog(options: SharedBuildLogOptions): BuildLog {
  const { database, blobs, onError } = options;

  async function finishEnded(packageId: PackageId, attempt: number, signal: AbortSignal | undefined): Promise<void> {
    const row = await findAnyPackage(database.read, packageId);
    if (row?.attempt === attempt && hasEnded(row.status)) await finishLog(options, packageId, signal);
  }

  return {
    open(id, attempt) {
      const packageId = checkId(id);
      const onWhole = (signal: AbortSignal | undefined) => finishEnded(packageId, attempt, signal);
      return new SharedBuildLogWriter({ ...options, packageId, attempt, onWhole });
    },
    size: async (packageId) => findLogSize(database.read, checkId(packageId)),
    read: async (packageId, range) => readLog(options, checkId(packageId), range),
    follow: (packageId, start, signal) => followLog(options, checkId(packageId), start, signal),
    async delete(packageId) {
      const keys = await database.transaction((queries) => deleteLog(queries, checkId(packageId)), 'relaxed');
      // What stays of them is no log's, and is swept.
      for (const key of keys) await blobs.delete(key).catch(onError);
    },
    list: () => eachLog((page) => listLogs(database.read, page)),
    async sweep(signal) {
      for await (const packageId of eachLog((page) => listUnfinishedLogs(database.read, page))) {
        if (signal.aborted) return;
        // One that cannot be finished does not keep the others.
        await finishLog(options, packageId, signal).catch((error) => signal.aborted || onError(error));
      }
    },
  };
}

function checkId(text: string): PackageId {
  const id = parsePackageId(text);
  if (id === undefined) throw new Error(`'${text}' is not the id of a package.`);
  return id;
}

async function* followLog(
  options: SharedBuildLogOptions,
  packageId: PackageId,
  start: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const { database } = options;
  let position = start;
  for await (const _ of watchChanges(database, `log:${packageId}`, signal)) {
    const before = position;
    for await (const chunk of readLog(options, packageId, { start: position, end: Number.POSITIVE_INFINITY })) {
      if (signal.aborted) return;
      position += chunk.byteLength;
      yield chunk;
    }
    if (position === before && (await findAnyPackage(database.read, packageId)) === undefined) return;
  }
}

async function* eachLog(list: (page: LogPage) => Promise<PackageId[]>): AsyncGenerator<PackageId> {
  for (let after = '' as PackageId; ; ) {
    const page = await list({ after, limit: PAGE });
    yield* page;
    const last = page.at(-1);
    if (last === undefined) return;
    after = last;
  }
}
