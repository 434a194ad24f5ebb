import { readdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';

/** So many segments of one app at most: a package is read from all of them. */
const MOST_PER_APP = 32;
const SUFFIX = '.segment';

interface SegmentFile {
  readonly folder: string;
  readonly name: string;
  readonly sizeBytes: number;
}

/**
 * Every segment on disk, over all apps, the least recently used first, which is the first to go. When a segment was used
 * last is kept as its file's time, so that it outlives the process.
 *
 * Invariant: together the segments are not larger than the limit.
 */
export class Segments {
  readonly #limitBytes: number;
  readonly #onRemoved: (folder: string, name: string) => void;
  readonly #files = new Map<string, SegmentFile>();
  #sizeBytes = 0;

  constructor(limitBytes: number, onRemoved: (folder: string, name: string) => void) {
    this.#limitBytes = limitBytes;
    this.#onRemoved = onRemoved;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Finds what is on disk, and deletes what an earlier process did not finish. */
  async scan(root: string): Promise<void> {
    const found: (SegmentFile & { readonly usedAt: number })[] = [];
    for (const app of await readdir(root)) {
      const folder = join(root, app);
      for (const name of await readdir(folder)) {
        const path = join(folder, name);
        if (!name.endsWith(SUFFIX)) await rm(path, { force: true, recursive: true });
        else {
          const { size, mtimeMs } = await stat(path);
          found.push({ folder, name, sizeBytes: size, usedAt: mtimeMs });
        }
      }
    }
    found.sort((a, b) => a.usedAt - b.usedAt);
    for (const file of found) this.#add(file);
    await this.#makeRoom(0);
  }

  /** The segments of an app, in the order in which they were written. */
  namesOf(folder: string): readonly string[] {
    return this.#of(folder)
      .map(({ name }) => name)
      .sort();
  }

  findSize(folder: string, name: string): number | undefined {
    return this.#files.get(join(folder, name))?.sizeBytes;
  }

  /**
   * Counts a segment that is about to become visible; others go to make room for it.
   *
   * @throws Error when there can be no room
   */
  async add(file: SegmentFile): Promise<void> {
    if (file.sizeBytes > this.#limitBytes) throw new Error(`a segment of ${file.sizeBytes} bytes is beyond the limit`);
    await this.#makeRoom(file.sizeBytes);
    const ofApp = this.#of(file.folder);
    for (const old of ofApp.slice(0, Math.max(0, ofApp.length + 1 - MOST_PER_APP))) {
      await this.remove(old.folder, old.name);
    }
    this.#add(file);
  }

  /** Marks a segment as used just now. */
  async touch(folder: string, name: string, now: Date): Promise<void> {
    const path = join(folder, name);
    const file = this.#files.get(path);
    if (file === undefined) return;
    this.#files.delete(path);
    this.#files.set(path, file);
    await utimes(path, now, now).catch(() => undefined);
  }

  async remove(folder: string, name: string): Promise<void> {
    const path = join(folder, name);
    const file = this.#files.get(path);
    if (file === undefined) return;
    this.#files.delete(path);
    this.#sizeBytes -= file.sizeBytes;
    this.#onRemoved(folder, name);
    await rm(path, { force: true }).catch(() => undefined);
  }

  async removeApp(folder: string): Promise<void> {
    for (const { name } of this.#of(folder)) await this.remove(folder, name);
    await rm(folder, { recursive: true, force: true });
  }
  async #makeRoom(neededBytes: number): Promise<void> {
    for (const { folder, name } of this.#files.values()) {
      if (this.#sizeBytes + neededBytes <= this.#limitBytes) return;
      await this.remove(folder, name);
    }
  }

  #add(file: SegmentFile): void {
    this.#files.set(join(file.folder, file.name), file);
    this.#sizeBytes += file.sizeBytes;
  }

  #of(folder: string): readonly SegmentFile[] {
    return [...this.#files.values()].filter((file) => file.folder === folder);
  }
}
