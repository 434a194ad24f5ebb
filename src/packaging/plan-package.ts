import { setImmediate as breathe } from 'node:timers/promises';
import { BuildFailure } from '../domain/failure.ts';
import { quote } from '../domain/refusal.ts';
import type { SourceFile } from '../repository/repository.ts';
import type { KeptMember } from './member-cache/app-index.ts';
import { collidesWithMetadata, METADATA_PATH } from './metadata.ts';
import { LONGEST_NAME_BYTES } from './zip-writer.ts';

/** What is known of a package before anything is read. */
export interface PackagePlan {
  /** For each file, the member that an earlier build has kept of its content. */
  readonly kept: readonly (KeptMember | undefined)[];
  /** Those of {@link kept} that there are. */
  readonly reused: readonly KeptMember[];
  /** The other files. */
  readonly toPack: readonly SourceFile[];
}

/** Files handled between two pauses: a few milliseconds. */
const FILES_PER_TURN = 10_000;

/**
 * @param files sorted by the bytes of their paths
 * @throws BuildFailure `source-unreadable` when one cannot be in a package
 */
export async function planPackage(
  files: readonly SourceFile[],
  find: (contentId: string) => KeptMember | undefined,
): Promise<PackagePlan> {
  const plan = { kept: [] as (KeptMember | undefined)[], reused: [] as KeptMember[], toPack: [] as SourceFile[] };
  for (const file of files) {
    checkPath(file.path);
    const member = find(file.contentId);
    plan.kept.push(member);
    if (member === undefined) plan.toPack.push(file);
    else plan.reused.push(member);
    if (plan.kept.length % FILES_PER_TURN === 0) await breathe();
  }
  return plan;
}

/** @throws BuildFailure `source-unreadable` when it cannot be in a package */
export function checkPath(path: string): void {
  if (collidesWithMetadata(path)) {
    const message = `The source has ${quote(path)} where the package's own '${METADATA_PATH}' goes: rename it.`;
    throw new BuildFailure('source-unreadable', message);
  }
  if (path.length * 3 > LONGEST_NAME_BYTES && Buffer.byteLength(path) > LONGEST_NAME_BYTES) {
    throw new BuildFailure('source-unreadable', `The path ${quote(path)} is too long for a package: shorten it.`);
  }
}
