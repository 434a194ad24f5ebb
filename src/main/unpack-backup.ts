import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { placeOf } from '../backup/backup-format.ts';
import type { BackupMember } from '../backup/backup-reader.ts';
import { syncFolder } from '../files/sync-folder.ts';

/** So many files are made durable at once: each waits for the disk, and none for another. */
const MOST_CLOSING = 16;

/**
 * Unpacks what belongs into a data folder. All but the logs, which may lose lines, survives a loss of power when this
 * resolves.
 *
 * @param folder for nothing else, until then
 * @param read reads a backup, as `readBackup` does
 * @returns what that returns
 * @throws what that throws; what the file system throws
 */
export async function unpackBackup<T>(
  folder: string,
  read: (take: (member: BackupMember) => Promise<void>) => Promise<T>,
): Promise<T> {
  const unpacked = new UnpackedFiles(folder);
  try {
    return await read(async ({ name, content }) => {
      const kind = placeOf(name)?.kind;
      if (kind === 'about') return;
      await unpacked.add(name, content, kind !== 'log');
    });
  } finally {
    await unpacked.end();
  }
}

class UnpackedFiles {
  readonly #root: string;
  readonly #folders = new Set<string>();
  readonly #closing = new Set<Promise<void>>();
  #failure: unknown;

  constructor(root: string) {
    this.#root = root;
  }

  /** Resolves when it is written, and more may be added. */
  async add(name: string, content: AsyncIterable<Uint8Array>, isDurable: boolean): Promise<void> {
    const path = join(this.#root, name);
    await this.#makeFolder(dirname(path));
    const file = await open(path, 'wx', 0o600);
    try {
      for await (const chunk of content) await file.writeFile(chunk);
    } catch (error) {
      await file.close();
      throw error;
    }
    this.#close(file, isDurable);
    while (this.#closing.size >= MOST_CLOSING) await Promise.race(this.#closing);
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Folders last, each once: what they hold is many times more. */
  async end(): Promise<void> {
    await Promise.all(this.#closing);
    if (this.#failure !== undefined) throw this.#failure;
    for (const folder of this.#folders) await syncFolder(folder);
  }

  async #makeFolder(folder: string): Promise<void> {
    if (this.#folders.has(folder)) return;
    await mkdir(folder, { recursive: true });
    for (let path = folder; path !== this.#root; path = dirname(path)) this.#folders.add(path);
    this.#folders.add(this.#root);
  }

  #close(file: FileHandle, isDurable: boolean): void {
    const closing: Promise<void> = closeFile(file, isDurable)
      .catch((error: unknown) => {
        this.#failure ??= error;
      })
      .finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }
}

async function closeFile(file: FileHandle, isDurable: boolean): Promise<void> {
  try {
    if (isDurable) await file.datasync();
  } finally {
    await file.close();
  }
}
