import { randomBytes } from 'node:crypto';
import { open, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * A file that takes up room and is given up when there is none left: SQLite needs some to write even a deletion, and
 * without it nobody could make room through the server.
 */
export interface SpaceReserve {
  /** Gives the room away. It is taken again by itself, once there is much more of it. Never throws. */
  giveUp(): Promise<void>;
  /** Whether the reserve was not given up and as much again is free. False means that the disk is full, or nearly. */
  hasRoom(): Promise<boolean>;
  close(): Promise<void>;
}

const RESERVE_BYTES = 8 * 1024 * 1024;
const CHUNK_BYTES = 1024 * 1024;
const RETRY_MS = 1000;

/** Takes the reserve in the background, where there is room for it; else tries again and again until there is. */
export function openSpaceReserve(file: string): SpaceReserve {
  let isMissing = false;
  let isClosed = false;
  let timer: NodeJS.Timeout | undefined;
  let taking = take();
  async function take(): Promise<void> {
    isMissing = !(await takeReserve(file));
    if (isMissing) takeLater();
  }
  function takeLater(): void {
    isMissing = true;
    if (!isClosed) timer ??= setTimeout(retry, RETRY_MS).unref();
  }
  function retry(): void {
    timer = undefined;
    taking = take();
  }
  return {
    async giveUp() {
      await taking;
      await rm(file, { force: true }).catch(() => undefined);
      takeLater();
    },
    hasRoom: async () => !isMissing && (await freeBytes(file)) >= RESERVE_BYTES,
    async close() {
      isClosed = true;
      clearTimeout(timer);
      await taking;
    },
  };
}

/** @returns whether it is there now */
async function takeReserve(file: string): Promise<boolean> {
  const unfinished = `${file}.new`;
  try {
    if (await isTaken(file)) return true;
    // Not the last room there is: others would fail for want of what nobody needs yet.
    if ((await freeBytes(file)) < 3 * RESERVE_BYTES) return false;
    await writeReserve(unfinished);
    await rename(unfinished, file);
    return true;
  } catch {
    await rm(unfinished, { force: true }).catch(() => undefined);
    return false;
  }
}

/** Random bytes, for a file system may keep zeros without taking any room for them. */
async function writeReserve(file: string): Promise<void> {
  const handle = await open(file, 'w', 0o600);
  try {
    const chunk = randomBytes(CHUNK_BYTES);
    for (let written = 0; written < RESERVE_BYTES; written += CHUNK_BYTES) await handle.writeFile(chunk);
    await handle.datasync();
  } finally {
    await handle.close();
  }
}

async function isTaken(file: string): Promise<boolean> {
  return await stat(file).then(
    ({ size }) => size >= RESERVE_BYTES,
    () => false,
  );
}

async function freeBytes(file: string): Promise<number> {
  const { bavail, bsize } = await statfs(dirname(file));
  return bavail * bsize;
}
