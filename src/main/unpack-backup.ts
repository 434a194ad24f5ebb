import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { placeOf } from '../backup/backup-format.ts';
import type { Backup } from '../backup/backup-reader.ts';
import type { BlobStore, BlobWriter } from '../blob/blob-store.ts';

/** So many packages are made durable at once: each waits for the disk, and none for another. */
const MOST_COMMITS = 16;

/**
 * Unpacks what belongs into a data folder, each member checked while it is read.
 *
 * @param blobs takes the packages
 * @param onPackage told how many are there, after each
 * @throws BackupUnusable; BlobError `full`; what the file system throws
 */
export async function unpackBackup(
  backup: Backup,
  folder: string,
  blobs: Pick<BlobStore, 'create'>,
  onPackage: (done: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const commits = new Commits();
  let packages = 0;
  try {
    for await (const member of backup.members()) {
      signal.throwIfAborted();
      const place = placeOf(member.name);
      if (place?.kind === 'package') {
        await commits.add(await writeBlob(blobs, place.key, member.read()));
        onPackage(++packages);
      } else if (place?.kind === 'log' || place?.kind === 'file') {
        await writeFile(join(folder, member.name), member.read(), place.kind === 'file');
      }
    }
  } finally {
    await commits.end();
  }
}

async function writeBlob(
  blobs: Pick<BlobStore, 'create'>,
  key: string,
  content: AsyncIterable<Uint8Array>,
): Promise<BlobWriter> {
  const writer = await blobs.create(key);
  try {
    for await (const chunk of content) await writer.write(chunk);
    return writer;
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

class Commits {
  readonly #underWay = new Set<Promise<void>>();
  #failure: unknown;

  /** Resolves when more may be added. */
  async add(writer: BlobWriter): Promise<void> {
    const ended: Promise<void> = writer
      .commit()
      .then(
        () => undefined,
        (error: unknown) => {
          this.#failure ??= error;
        },
      )
      .finally(() => this.#underWay.delete(ended));
    this.#underWay.add(ended);
    while (this.#underWay.size >= MOST_COMMITS) await Promise.race(this.#underWay);
    if (this.#failure !== undefined) throw this.#failure;
  }

  async end(): Promise<void> {
    await Promise.all(this.#underWay);
    if (this.#failure !== undefined) throw this.#failure;
  }
}

/** @param isDurable whether a loss of power must not cost any of it; logs may lose lines */
async function writeFile(path: string, content: AsyncIterable<Uint8Array>, isDurable: boolean): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, 'wx', 0o600);
  try {
    for await (const chunk of content) await file.writeFile(chunk);
    if (isDurable) await file.sync();
  } finally {
    await file.close();
  }
}
