import { openDiskBlobStore } from '../../src/blob/disk-blob-store.ts';
import { openSharedBuildLog } from '../../src/build-log/shared-build-log.ts';
import { openPostgresDatabase } from '../../src/database/postgres/postgres-database.ts';

/** Where a process ends while it finishes a log. */
export const STEPS = ['write', 'committed', 'replaced'] as const;
export type Step = (typeof STEPS)[number];

/** Opens a shared log that finishes in vain: this process is killed at a step. */
async function openDying(url: string, folder: string, step: Step) {
  const die = (at: Step) => {
    if (at === step) process.kill(process.pid, 'SIGKILL');
  };
  const database = await openPostgresDatabase({ url, applicationName: 'dying' });
  const blobs = await openDiskBlobStore(folder);
  const create: typeof blobs.create = async (key) => {
    const writer = await blobs.create(key);
    return {
      async write(chunk) {
        await writer.write(chunk);
        die('write');
      },
      async commit() {
        const written = await writer.commit();
        die('committed');
        return written;
      },
      abort: () => writer.abort(),
    };
  };
  const transaction: typeof database.transaction = async (work, durability = 'full') => {
    const result = await database.transaction(work, durability);
    if (durability === 'full') die('replaced');
    return result;
  };
  return openSharedBuildLog({
    database: { ...database, transaction },
    blobs: { ...blobs, create },
    clock: Date.now,
    mostBytes: 1e9,
    onError: (error) => console.error(error),
  });
}

/** Writes lines, says which of them are there to read, and closes the log. */
async function writeAndDie(url: string, folder: string, packageId: string, step: Step): Promise<void> {
  const log = (await openDying(url, folder, step)).open(packageId, 1);
  for (let count = 1; count <= 3; count += 1) {
    log.line(`line ${count}`);
    await log.flush();
    process.stdout.write(`${count}\n`);
  }
  await log.close();
}

if (import.meta.main) {
  const [url = '', folder = '', packageId = '', step] = process.argv.slice(2);
  await writeAndDie(url, folder, packageId, step as Step);
}
