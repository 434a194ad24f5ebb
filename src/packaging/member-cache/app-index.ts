import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import { readRecords } from './read-segment.ts';
import type { MemberRecord } from './segment-format.ts';
import type { Segments } from './segments.ts';

/** A member that is kept, and the name of the segment it stands in. */
export interface KeptMember extends MemberRecord {
  readonly segment: string;
}

/** What is kept of one app, by content. In memory while a build of the app runs, and a while after. */
export class AppIndex {
  readonly folder: string;
  /** How many sessions use it. */
  users = 0;
  /** Set when the app was deleted: what its last builds wanted to keep is thrown away. */
  isDeleted = false;
  readonly #members = new Map<string, KeptMember>();
  #loading: Promise<void> | undefined;
  #lastNumber = 0;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Reads the app's segments, the first time it is called. One that cannot be read is deleted. */
  async load(segments: Segments): Promise<void> {
    this.#loading ??= this.#load(segments);
    await this.#loading;
  }

  get size(): number {
    return this.#members.size;
  }

  find(contentId: string): KeptMember | undefined {
    return this.#members.get(contentId);
  }

  /** Takes in the members of a segment; they take the place of older ones with the same content. */
  async add(segment: string, records: readonly MemberRecord[]): Promise<void> {
    let handled = 0;
    for (const record of records) {
      this.#members.set(record.contentId, { ...record, segment });
      if (++handled % 2_000 === 0) await breathe();
    }
  }

  /** Forgets one member, if it still is the one that is known. */
  forget(member: KeptMember): void {
    if (this.#members.get(member.contentId) === member) this.#members.delete(member.contentId);
  }

  forgetSegment(segment: string): void {
    for (const member of this.#members.values()) if (member.segment === segment) this.forget(member);
  }

  /** A name that no segment of the app has had while it was in memory. */
  nextSegment(): string {
    this.#lastNumber++;
    return `${String(this.#lastNumber).padStart(10, '0')}.segment`;
  }

  async #load(segments: Segments): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 }).catch(() => undefined);
    const names = segments.namesOf(this.folder);
    this.#lastNumber = Math.max(0, ...names.map((name) => Number.parseInt(name, 10) || 0));
    for (const name of names) {
      const records = await readRecords(join(this.folder, name));
      if (records === undefined) await segments.remove(this.folder, name);
      else await this.add(name, records);
    }
  }
}
