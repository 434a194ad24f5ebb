import { lstat, opendir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const FIRST_LOOK_MS = 1_000;
/** A look at many files takes long; no more than this share of the time goes into looking. */
const LOOKING_SHARE = 10;
/** With less than this on the disk every command that writes is in the way of the server. */
const LEAST_FREE_BYTES = 128 * 1024 * 1024;

/**
 * Looks at folders from time to time until the signal fires, and once calls `onFull`: when they hold more than they may,
 * or when hardly anything is left on their disk, which is how files without a name are noticed. Never throws.
 */
export async function watchDisk(
  folders: readonly string[],
  mostBytes: number,
  onFull: () => void,
  signal: AbortSignal,
): Promise<void> {
  for (let pauseMs = FIRST_LOOK_MS; await paused(pauseMs, signal); ) {
    const started = performance.now();
    if (await isFull(folders, mostBytes, signal)) return onFull();
    pauseMs = Math.max(FIRST_LOOK_MS, (performance.now() - started) * LOOKING_SHARE);
  }
}

async function paused(pauseMs: number, signal: AbortSignal): Promise<boolean> {
  return await sleep(pauseMs, true, { signal }).catch(() => false);
}

async function isFull(folders: readonly string[], mostBytes: number, signal: AbortSignal): Promise<boolean> {
  let leftBytes = mostBytes;
  for (const folder of folders) {
    const disk = await statfs(folder).catch(() => undefined);
    if (disk !== undefined && disk.bavail * disk.bsize < LEAST_FREE_BYTES) return true;
    leftBytes -= await measureFolder(folder, leftBytes, signal);
    if (leftBytes < 0) return true;
  }
  return false;
}

/**
 * The bytes that a folder takes on the disk, or anything above `enoughBytes` once they are more than that. What goes
 * away meanwhile and what may not be looked at counts as nothing.
 */
export async function measureFolder(folder: string, enoughBytes: number, signal: AbortSignal): Promise<number> {
  let bytes = 0;
  const folders = [folder];
  for (let next = folders.pop(); next !== undefined && bytes <= enoughBytes; next = folders.pop()) {
    if (signal.aborted) return bytes;
    try {
      for await (const entry of await opendir(next)) {
        const path = join(next, entry.name);
        if (entry.isDirectory()) folders.push(path);
        bytes += (await lstat(path)).blocks * 512;
      }
    } catch {
      // It is being changed by whoever is watched: the next look sees more.
    }
  }
  return bytes;
}
