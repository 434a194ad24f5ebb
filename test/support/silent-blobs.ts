import type { BlobStore } from '../../src/blob/blob-store.ts';

/** A store that takes bytes, and never says that they are safe: whoever wants no longer to wait gives them up. */
export function silentBlobs(blobs: BlobStore, onCommit: () => void = () => undefined): BlobStore {
  return {
    ...blobs,
    async create(key) {
      const writer = await blobs.create(key);
      const silence = Promise.withResolvers<never>();
      return {
        write: (chunk) => writer.write(chunk),
        commit() {
          onCommit();
          return silence.promise;
        },
        async abort() {
          silence.promise.catch(() => undefined);
          silence.reject(new Error('It was given up.'));
          await writer.abort();
        },
      };
    },
  };
}
