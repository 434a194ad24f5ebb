import { lstat, opendir, statfs } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** How often something is done at least, or at most. */
export interface DiskPace {
  /** At how much is free on the disk, which costs next to nothing. */
  readonly glanceMs: number;
  /** At every file, which costs more the more there are. */
  readonly lookMs: number;
}

const PACE: DiskPace = { glanceMs: 100, lookMs: 1_000 };
/** A look at many files takes long; no more than this share of the time goes into looking. */
const LOOKING_SHARE = 10;
/** The same where the disk has lost as much as the folders may still take. */
const URGENT_SHARE = 2;
/** With less than this on the disk every command that writes is in the way of the server. */
const LEAST_FREE_BYTES = 128 * 1024 * 1024;
const LEAST_ENTRY_BYTES = 1024;

/**
 * Watches folders until the signal fires, and once calls `onFull`: when they hold more than they may, or when hardly
 * anything is left on their disk, which is how files without a name are noticed. What is written fast is noticed sooner.
 * Never throws.
 */
export async function watchDisk(
  folders: readonly string[],
  mostBytes: number,
  onFull: () => void,
  signal: AbortSignal,
  pace: DiskPace = PACE,
): Promise<void> {
  let [leftBytes, tookMs, lookedAt, mostFree] = [mostBytes, 0, performance.now(), await freeBytes(folders)];
  while (await paused(pace.glanceMs, signal)) {
    const free = await freeBytes(folders);
    if (free.some((bytes) => bytes < LEAST_FREE_BYTES)) return onFull();
    const sinceMs = performance.now() - lookedAt;
    const isDue = sinceMs >= Math.max(pace.lookMs, tookMs * LOOKING_SHARE);
    mostFree = mostFree.map((bytes, at) => Math.max(bytes, free[at] ?? bytes));
    // Others write too, so that this is a reason to look and no more.
    const isUrgent = free.some((bytes, at) => (mostFree[at] ?? bytes) - bytes >= leftBytes);
    if (!isDue && !(isUrgent && sinceMs >= tookMs * URGENT_SHARE)) continue;
    lookedAt = performance.now();
    leftBytes = mostBytes - (await measureFolders(folders, mostBytes, signal));
    if (leftBytes < 0) return onFull();
    [tookMs, mostFree] = [performance.now() - lookedAt, free];
  }
}

async function paused(pauseMs: number, signal: AbortSignal): Promise<boolean> {
  return await sleep(pauseMs, true, { signal }).catch(() => false);
}

/** On the disk of each of them. What cannot be told counts as endless. */
async function freeBytes(folders: readonly string[]): Promise<readonly number[]> {
  const disks = folders.map((folder) => statfs(folder).catch(() => undefined));
  return (await Promise.all(disks)).map((disk) => (disk === undefined ? Infinity : disk.bavail * disk.bsize));
}

async function measureFolders(folders: readonly string[], enoughBytes: number, signal: AbortSignal): Promise<number> {
  let bytes = 0;
  for (const folder of folders) bytes += await measureFolder(folder, enoughBytes - bytes, signal);
  return bytes;
}

/**
 * The bytes that a folder takes on the disk, or anything above `enoughBytes` once they are more than that. What goes
 * away meanwhile and what may not be looked at counts as nothing; what lies deeper than any path leads counts as too much.
 */
export async function measureFolder(folder: string, enoughBytes: number, signal: AbortSignal): Promise<number> {
  let bytes = 0;
  // In bytes, since names need not be text.
  const folders = [Buffer.from(folder)];
  for (let next = folders.pop(); next !== undefined && bytes <= enoughBytes; next = folders.pop()) {
    if (signal.aborted) return bytes;
    try {
      for await (const entry of await opendir(next, { encoding: 'buffer' as 'utf8' })) {
        const path = Buffer.concat([next, SLASH, Buffer.from(entry.name)]);
        if (entry.isDirectory()) folders.push(path);
        bytes += await measureEntry(path);
      }
    } catch (error) {
      if (isTooDeep(error)) return Infinity;
      // It is being changed by whoever is watched: the next look sees more.
    }
  }
  return bytes;
}

const SLASH = Buffer.from('/');

/** A file without content takes room as well: a disk has so many files and no more. */
async function measureEntry(path: Buffer): Promise<number> {
  try {
    return Math.max((await lstat(path)).blocks * 512, LEAST_ENTRY_BYTES);
  } catch (error) {
    if (isTooDeep(error)) throw error;
    return 0;
  }
}

function isTooDeep(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENAMETOOLONG';
}
