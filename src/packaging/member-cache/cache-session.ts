import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { PackedMember } from '../member.ts';
import type { AppIndex, KeptMember } from './app-index.ts';
import { readMembers } from './read-members.ts';
import { fillFrom } from './read-segment.ts';
import { SEGMENT_BYTES } from './segment-format.ts';
import { isKeepable, SegmentWriter } from './segment-writer.ts';
import type { Segments } from './segments.ts';

/**
 * Less than this is not worth a file: it is packed again by the next build, until enough has come together. So a build
 * that changes next to nothing writes nothing here.
 */
const LEAST_SEGMENT_BYTES = 128 * 1024;
/** When a package is read from more small segments than this, their members are written again, together. */
const MOST_SMALL_SEGMENTS = 8;
const SMALL_SEGMENT_BYTES = 8 * 1024 * 1024;

/** What is kept of one app, for the length of one build. No error of the disk leaves it: what fails is not kept. */
export class CacheSession {
  readonly #index: AppIndex;
  readonly #segments: Segments;
  readonly #onClose: (usedSegments: readonly string[]) => Promise<void>;
  readonly #files = new Map<string, Promise<FileHandle | undefined>>();
  #writing: { readonly name: string; readonly writer: SegmentWriter; readonly ids: Set<string> } | undefined;
  readonly #written: string[] = [];
  #failed = false;

  constructor(index: AppIndex, segments: Segments, onClose: (usedSegments: readonly string[]) => Promise<void>) {
    this.#index = index;
    this.#segments = segments;
    this.#onClose = onClose;
  }

  find(contentId: string): KeptMember | undefined {
    return this.#index.find(contentId);
  }

  /**
   * Reads members in the order asked for, a few ahead. Each must be used up before the next is taken. Undefined stands
   * for one that was damaged or has gone; it is forgotten.
   */
  async *read(members: readonly KeptMember[]): AsyncGenerator<PackedMember | undefined> {
    const scattered = this.#scatteredAmong(members);
    let at = 0;
    for await (const packed of readMembers(members, (...part) => this.#fill(...part))) {
      const member = members[at++];
      if (member === undefined) return;
      if (packed === undefined) this.#index.forget(member);
      else if (scattered.has(member.segment)) await this.keep(member.contentId, packed);
      yield packed;
    }
  }

  /** Keeps a member for later builds. */
  async keep(contentId: string, member: PackedMember): Promise<void> {
    if (this.#failed || !isKeepable(contentId, member) || this.#writing?.ids.has(contentId)) return;
    try {
      const written = this.#writing?.writer.sizeBytes ?? 0;
      if (written > 0 && written + member.packedBytes > SEGMENT_BYTES) await this.#commit();
      this.#writing ??= this.#begin();
      this.#writing.ids.add(contentId);
      await this.#writing.writer.add(contentId, member);
    } catch {
      await this.#giveUp();
    }
  }

  /** Makes what was kept known to other builds. */
  async close(): Promise<void> {
    if ((this.#writing?.writer.sizeBytes ?? 0) < LEAST_SEGMENT_BYTES) await this.#giveUp();
    else await this.#commit().catch(() => this.#giveUp());
    for (const file of this.#files.values()) await (await file)?.close();
    await this.#onClose([...this.#files.keys(), ...this.#written]);
  }

  #begin() {
    const name = this.#index.nextSegment();
    return { name, writer: new SegmentWriter(join(this.#index.folder, name)), ids: new Set<string>() };
  }

  async #commit(): Promise<void> {
    const writing = this.#writing;
    if (writing === undefined) return;
    const { folder } = this.#index;
    const records = await writing.writer.commit((sizeBytes) => {
      if (this.#index.isDeleted) throw new Error('the app was deleted while it was built');
      return this.#segments.add({ folder, name: writing.name, sizeBytes });
    });
    this.#writing = undefined;
    this.#written.push(writing.name);
    await this.#index.add(writing.name, records);
  }

  async #giveUp(): Promise<void> {
    this.#failed = true;
    const writing = this.#writing;
    this.#writing = undefined;
    if (writing === undefined) return;
    await writing.writer.abort().catch(() => undefined);
    await this.#segments.remove(this.#index.folder, writing.name);
  }

  #scatteredAmong(members: readonly KeptMember[]): ReadonlySet<string> {
    const names = new Set(members.map(({ segment }) => segment));
    const small = [...names].filter((name) => {
      const sizeBytes = this.#segments.findSize(this.#index.folder, name);
      return sizeBytes !== undefined && sizeBytes <= SMALL_SEGMENT_BYTES;
    });
    return new Set(small.length > MOST_SMALL_SEGMENTS ? small : []);
  }

  async #fill(into: Buffer, segment: string, offset: number): Promise<boolean> {
    const opened = this.#files.get(segment) ?? open(join(this.#index.folder, segment)).catch(() => undefined);
    this.#files.set(segment, opened);
    const file = await opened;
    return file !== undefined && (await fillFrom(file, into, offset).catch(() => false));
  }
}
