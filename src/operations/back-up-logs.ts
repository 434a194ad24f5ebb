import { logMember } from '../backup/backup-format.ts';
import type { BackupWriter } from '../backup/backup-writer.ts';
import type { BuildLog } from '../build-log/build-log.ts';
import type { Queries } from '../database/database.ts';
import { listPackageIds } from '../database/packages-with-file.ts';

export interface BackUpLogsDeps {
  readonly queries: Queries;
  readonly buildLog: Pick<BuildLog, 'size' | 'read'>;
  readonly writer: BackupWriter;
}

/** Appends the log of every package to a backup, as far as it has come. @returns how many there are */
export async function backUpLogs(deps: BackUpLogsDeps, signal: AbortSignal): Promise<number> {
  let count = 0;
  for (let after = 0; ; ) {
    const page = await listPackageIds(deps.queries, { after, limit: 1000 });
    for (const { id } of page) {
      signal.throwIfAborted();
      if (await backUpLog(deps, id)) count += 1;
    }
    const last = page.at(-1);
    if (last === undefined) return count;
    after = last.sequence;
  }
}

async function backUpLog({ buildLog, writer }: BackUpLogsDeps, id: string): Promise<boolean> {
  const sizeBytes = await buildLog.size(id);
  if (sizeBytes === 0) return false;
  const content = await buildLog.read(id, { start: 0, end: sizeBytes });
  return (await writer.add(logMember(id), sizeBytes, content)) !== undefined;
}
