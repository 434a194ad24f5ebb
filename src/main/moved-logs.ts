import { BlobError, type BlobStore } from '../blob/blob-store.ts';
import { findLogSize, putWholeLog } from '../database/build-log-chunks.ts';
import type { Database } from '../database/database.ts';
import { logKey } from '../domain/log-key.ts';
import type { MovedLogs } from '../operations/move-logs.ts';

/** One for all: a log that is there already is the same. */
const NONCE = 'moved';

/** Logs as servers on a shared database keep them whose builds have ended: a blob each, and a row that names it. */
export function openMovedLogs(database: Database, blobs: Pick<BlobStore, 'create'>): MovedLogs {
  return {
    has: async (packageId, sizeBytes) => (await findLogSize(database.read, packageId)) === sizeBytes,
    async put(packageId, sizeBytes, content) {
      const name = { packageId, sizeBytes };
      const key = logKey(name, NONCE);
      const writer = await blobs.create(key);
      try {
        for await (const chunk of content) await writer.write(chunk);
        await writer.commit();
      } catch (error) {
        if (!(error instanceof BlobError && error.kind === 'exists')) throw error;
      } finally {
        await writer.abort();
      }
      await database.transaction((queries) => putWholeLog(queries, name, key), 'relaxed');
    },
  };
}
