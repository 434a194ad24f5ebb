import { LRUCache } from 'lru-cache';
import type { ObjectHeader, ObjectType } from './object-header.ts';

/** An object that is small enough to be whole in memory. */
export type WholeObject = ObjectHeader & { readonly bytes: Buffer };

/**
 * Small objects that were read lately, of every mirror. An object never changes, and most of a revision's are those of
 * the one before: reading it again would wake a process for nothing.
 */
export interface ObjectMemory {
  /** @param name what git was asked for; only a full id is ever found */
  find(gitDir: string, name: string): WholeObject | undefined;
  /** Keeps a copy, if the object is small. */
  keep(gitDir: string, object: WholeObject): void;
}

const MOST_BYTES = 8 * 1024 * 1024;
/** What an entry takes besides its bytes, about. */
const ENTRY_BYTES = 400;
/** Larger contents are kept deflated, by the app's member cache; smaller ones rarely shrink, and so are in neither. */
const LARGEST: Readonly<Record<ObjectType, number>> = { blob: 512, tree: 64 * 1024, commit: 8 * 1024, tag: 0 };

export function createObjectMemory(): ObjectMemory {
  const objects = new LRUCache<string, WholeObject>({
    maxSize: MOST_BYTES,
    sizeCalculation: ({ sizeBytes }) => sizeBytes + ENTRY_BYTES,
  });
  return {
    find: (gitDir, name) => objects.get(`${gitDir} ${name}`),
    keep(gitDir, object) {
      if (object.sizeBytes > LARGEST[object.type]) return;
      const key = `${gitDir} ${object.id}`;
      // A part of a larger buffer would keep all of it from being freed.
      if (!objects.has(key)) objects.set(key, { ...object, bytes: copy(object.bytes) });
    },
  };
}

function copy(bytes: Buffer): Buffer {
  const own = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(own);
  return own;
}
