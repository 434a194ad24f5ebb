import type { BuildLog } from '../build-log/build-log.ts';
import type { Queries } from '../database/database.ts';
import { listPackageIds } from '../database/packages-with-file.ts';
import type { PackageId } from '../domain/identifiers.ts';
import { severalAtOnce } from './several-at-once.ts';

/** Where logs are that are moved. */
export interface MovedLogs {
  /** Whether a log is there of which so much had been written. */
  has(packageId: PackageId, sizeBytes: number): Promise<boolean>;
  /** Keeps a log that is not there, whole or not at all. */
  put(packageId: PackageId, sizeBytes: number, content: AsyncIterable<Uint8Array>): Promise<void>;
}

export interface MoveLogsDeps {
  readonly queries: Queries;
  readonly source: Pick<BuildLog, 'size' | 'read'>;
  readonly target: MovedLogs;
  /** Told how many are there. */
  readonly onLog: (logs: number) => void;
}

/** Small logs wait for answers most of the time. */
const AT_ONCE = 4;

/** Sees that the log of every package is in another place. @returns how many there are, and how many were copied now */
export async function moveLogs(
  { queries, source, target, onLog }: MoveLogsDeps,
  signal: AbortSignal,
): Promise<{ readonly logs: number; readonly copied: number }> {
  const done = { logs: 0, copied: 0 };
  const move = async (id: PackageId) => {
    const sizeBytes = await source.size(id);
    if (sizeBytes === 0) return;
    if (!(await target.has(id, sizeBytes))) {
      await target.put(id, sizeBytes, await source.read(id, { start: 0, end: sizeBytes }));
      done.copied += 1;
    }
    done.logs += 1;
    onLog(done.logs);
  };
  await severalAtOnce(idsOf(queries), AT_ONCE, move, signal);
  return done;
}

async function* idsOf(queries: Queries): AsyncGenerator<PackageId> {
  for (let after = 0; ; ) {
    const page = await listPackageIds(queries, { after, limit: 1000 });
    for (const { id } of page) yield id;
    const last = page.at(-1);
    if (last === undefined) return;
    after = last.sequence;
  }
}
