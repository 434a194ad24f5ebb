import { BlobError, type BlobStore } from '../blob/blob-store.ts';
import type { PackageId } from '../domain/identifiers.ts';
import type { MovedLogs } from '../operations/move-logs.ts';

/** Logs as blobs, each under a key that says how long it is: what is there is known by its key. */
export function openMovedLogs(blobs: BlobStore): MovedLogs {
  const keyOf = (packageId: PackageId, sizeBytes: number) => `${packageId}.log.${sizeBytes.toString(36)}.moved`;
  return {
    async has(packageId, sizeBytes) {
      return (await blobs.findSize(keyOf(packageId, sizeBytes))) === sizeBytes;
    },
    async put(packageId, sizeBytes, content) {
      const writer = await blobs.create(keyOf(packageId, sizeBytes));
      try {
        for await (const chunk of content) await writer.write(chunk);
        await writer.commit();
      } catch (error) {
        if (!(error instanceof BlobError && error.kind === 'exists')) throw error;
      } finally {
        await writer.abort();
      }
    },
  };
}
