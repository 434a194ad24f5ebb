import type { PackageStatus } from '../protocol/package.ts';

/** Which statuses a package may move to next. An empty list means that its build has ended. */
export const NEXT: Readonly<Record<PackageStatus, readonly PackageStatus[]>> = {
  Queued: ['Building', 'Failed'],
  /** Back to Queued when its worker vanished, or gave it back while stopping. */
  Building: ['Uploading', 'Queued', 'Failed'],
  Uploading: ['Succeeded', 'Queued', 'Failed'],
  Succeeded: [],
  Failed: [],
};

export function mayBecome(from: PackageStatus, to: PackageStatus): boolean {
  return NEXT[from].includes(to);
}
