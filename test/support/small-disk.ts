import { execFile } from 'node:child_process';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';

/** A file system of its own, so small that a test can fill it. */
export interface SmallDisk {
  readonly folder: string;
  /** Writes until there is no room left but for so many bytes. */
  fill(leftBytes?: number): Promise<void>;
  /** Takes away what filled it. */
  clear(): Promise<void>;
}

const run = promisify(execFile);

/** @returns undefined, with the test skipped, where this user may not mount one */
export async function mountSmallDisk(
  test: Pick<TestContext, 'after' | 'skip'>,
  sizeMiB: number,
): Promise<SmallDisk | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-disk-'));
  // Lazily: whatever was registered before this may have files open still.
  test.after(async () => {
    await run('umount', ['-l', folder]).catch(() => undefined);
    await rm(folder, { recursive: true, force: true });
  });
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${sizeMiB}m`, 'tmpfs', folder]);
  } catch (error) {
    test.skip(`a tmpfs cannot be mounted here: ${String(error)}`);
    return undefined;
  }
  const fillers: string[] = [];
  return {
    folder,
    fill: async (leftBytes = 0) => {
      const left = join(folder, 'left');
      if (leftBytes > 0) await run('fallocate', ['-l', String(leftBytes), left]);
      const filler = join(folder, `filler-${fillers.length}`);
      fillers.push(filler);
      await writeUntilFull(filler);
      await rm(left, { force: true });
    },
    clear: async () => {
      for (const filler of fillers) await rm(filler, { force: true });
    },
  };
}

async function writeUntilFull(file: string): Promise<void> {
  const handle = await open(file, 'w');
  try {
    for (let chunk = Buffer.alloc(1024 * 1024); chunk.length > 0; ) {
      const written = await handle.write(chunk).then(
        () => true,
        () => false,
      );
      if (!written) chunk = chunk.subarray(0, chunk.length >> 1);
    }
  } finally {
    await handle.close();
  }
}
