import type { PackageId } from '../domain/identifiers.ts';

/**
 * Tells those who wait that a package changed. Owns no facts: a listener looks the package up again. A change is
 * published after its transaction has committed, never before; it may be published without being one.
 */
export interface PackageChanges {
  publish(packageId: PackageId): void;
  /** @returns how to stop listening */
  subscribe(packageId: PackageId, listener: () => void): () => void;
}

/** Changes within one process. */
export function createPackageChanges(): PackageChanges {
  const listeners = new Map<PackageId, Set<() => void>>();
  return {
    publish(packageId) {
      for (const listener of [...(listeners.get(packageId) ?? [])]) listener();
    },
    subscribe(packageId, listener) {
      const set = listeners.get(packageId) ?? new Set();
      listeners.set(packageId, set.add(listener));
      return () => {
        set.delete(listener);
        if (set.size === 0 && listeners.get(packageId) === set) listeners.delete(packageId);
      };
    },
  };
}
