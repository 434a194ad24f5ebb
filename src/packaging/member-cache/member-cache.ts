import { hash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AppIndex } from './app-index.ts';
import { CacheSession } from './cache-session.ts';
import { Segments } from './segments.ts';

export interface MemberCacheOptions {
  /** Created where it is missing. */
  readonly folder: string;
  /** The most that is kept on disk, over all apps; the least recently used goes first. */
  readonly limitBytes: number;
  /** How many members of apps that are not built right now are known in memory, at a few hundred bytes each. */
  readonly idleMembers?: number;
  readonly now?: () => Date;
}

const IDLE_MEMBERS = 20_000;

/**
 * Keeps packed members on disk, by content, for each app: what was packed once is neither read from the repository nor
 * deflated again.
 *
 * It owns its folder and everything in it, one process at a time. It does not own what a content is: equal ids must mean
 * equal bytes.
 *
 * Invariant: a member that comes out is byte for byte the one that went in, whatever happened to the disk in between;
 * otherwise it is not found. Losing any of it costs time only, so that nothing is fsynced and no error of the disk
 * reaches a build.
 */
export class MemberCache {
  readonly #root: string;
  readonly #idleMembers: number;
  readonly #now: () => Date;
  readonly #segments: Segments;
  /** By folder, the least recently opened first. */
  readonly #indexes = new Map<string, AppIndex>();

  private constructor({ folder, limitBytes, idleMembers = IDLE_MEMBERS, now = () => new Date() }: MemberCacheOptions) {
    this.#root = folder;
    this.#idleMembers = idleMembers;
    this.#now = now;
    this.#segments = new Segments(limitBytes, (app, name) => this.#indexes.get(app)?.forgetSegment(name));
  }

  /** Looks at what is in the folder, and deletes what an earlier process did not finish. */
  static async open(options: MemberCacheOptions): Promise<MemberCache> {
    const cache = new MemberCache(options);
    await mkdir(options.folder, { recursive: true, mode: 0o700 });
    await cache.#segments.scan(options.folder);
    return cache;
  }

  /** Bytes on disk; what running builds are about to add is not counted. */
  get sizeBytes(): number {
    return this.#segments.sizeBytes;
  }

  /** Opens what is kept of an app for one build, which closes it. Several builds may have it open. */
  async openSession(appKey: string): Promise<CacheSession> {
    const folder = this.#folderOf(appKey);
    const index = this.#indexes.get(folder) ?? new AppIndex(folder);
    this.#indexes.delete(folder);
    this.#indexes.set(folder, index);
    index.users++;
    await index.load(this.#segments);
    return new CacheSession(index, this.#segments, (used) => this.#afterSession(index, used));
  }

  /** Forgets an app. */
  async deleteApp(appKey: string): Promise<void> {
    const folder = this.#folderOf(appKey);
    const index = this.#indexes.get(folder);
    if (index !== undefined) index.isDeleted = true;
    this.#indexes.delete(folder);
    await this.#segments.removeApp(folder);
  }

  async #afterSession(index: AppIndex, used: readonly string[]): Promise<void> {
    for (const name of used) await this.#segments.touch(index.folder, name, this.#now());
    index.users--;
    const idle = [...this.#indexes.values()].filter(({ users }) => users === 0);
    let members = idle.reduce((sum, { size }) => sum + size, 0);
    for (const { folder, size } of idle) {
      if (members <= this.#idleMembers) return;
      members -= size;
      this.#indexes.delete(folder);
    }
  }

  #folderOf(appKey: string): string {
    return join(this.#root, hash('sha256', appKey).slice(0, 32));
  }
}
