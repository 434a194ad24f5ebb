import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { placeOf } from '../backup/backup-format.ts';
import type { BackupMember } from '../backup/backup-reader.ts';
import type { BlobStore, BlobWriter } from '../blob/blob-store.ts';

/** So many packages are made durable at once: each waits for the disk, and none for another. */
const MOST_COMMITS = 16;

/**
 * Unpacks what belongs into a data folder. Its packages are durable when this resolves.
 *
 * @param blobs takes the packages
 * @param read reads a backup, as `readBackup` does
 * @returns what that returns
 * @throws what that throws; BlobError `full`; what the file system throws
 */
export async function unpackBackup<T>(
  folder: string,
  blobs: Pick<BlobStore, 'create'>,
  read: (take: (member: BackupMember) => Promise<void>) => Promise<T>,
): Promise<T> {
  const commits = new Commits();
  try {
    return await read(async ({ name, content }) => {
      const place = placeOf(name);
      if (place?.kind === 'package') await commits.add(await writeBlob(blobs, place.key, content));
      if (place?.kind === 'log' || place?.kind === 'file')
        await writeFile(join(folder, name), content, place.kind === 'file');
    });
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
