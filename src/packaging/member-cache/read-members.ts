import { setImmediate as breathe } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import type { PackedMember } from '../member.ts';
import type { KeptMember } from './app-index.ts';
import { beginCheck } from './segment-format.ts';

/** Fills a buffer from a segment. @returns false when that cannot be done */
export type FillFromSegment = (into: Buffer, segment: string, offset: number) => Promise<boolean>;

const BATCH_BYTES = 1024 * 1024;
const BATCH_MEMBERS = 1_000;
/** Reading so much that nobody needs is cheaper than a second read. */
const GAP_BYTES = 32 * 1024;
const CHECKED_PER_TURN = 4 * 1024 * 1024;

/**
 * Reads kept members in the order asked for, a batch ahead. A batch takes few reads: members that follow each other in a
 * package mostly do so in a segment.
 *
 * Yields undefined for a member whose bytes are not those that were kept.
 */
export async function* readMembers(
  members: readonly KeptMember[],
  fill: FillFromSegment,
): AsyncGenerator<PackedMember | undefined> {
  const batches = inBatches(members);
  const arenas = [new Arena(), new Arena()] as const;
  let ahead = readNext(batches, arenas[0], fill);
  try {
    for (let turn = 1, batch = await ahead; batch !== undefined; turn++, batch = await ahead) {
      // The other arena is free: the members in it were used up.
      ahead = readNext(batches, arenas[turn % 2 === 0 ? 0 : 1], fill);
      for (const member of batch.members) yield await checked(member, batch.bytes.get(member));
    }
  } finally {
    await ahead;
  }
}

/** Memory that serves one batch after the other: taken anew each time, it would cost more than the reading. */
class Arena {
  #memory = Buffer.alloc(0);
  #used = 0;

  /** Takes back everything, and makes sure that so much can be had. */
  reset(sizeBytes: number): void {
    if (this.#memory.length < sizeBytes) this.#memory = Buffer.allocUnsafeSlow(Math.max(sizeBytes, 2 * BATCH_BYTES));
    this.#used = 0;
  }

  take(sizeBytes: number): Buffer {
    this.#used += sizeBytes;
    return this.#memory.subarray(this.#used - sizeBytes, this.#used);
  }
}

interface Batch {
  readonly members: readonly KeptMember[];
  readonly bytes: ReadonlyMap<KeptMember, Buffer>;
}

async function readNext(
  batches: Iterator<readonly KeptMember[]>,
  arena: Arena,
  fill: FillFromSegment,
): Promise<Batch | undefined> {
  const { done, value: members } = batches.next();
  if (done === true) return undefined;
  const spans = spansOf(members);
  arena.reset(spans.reduce((sum, { offset, end }) => sum + end - offset, 0));
  const bytes = new Map<KeptMember, Buffer>();
  await Promise.all(spans.map((span) => readSpan(span, arena.take(span.end - span.offset), fill, bytes)));
  return { members, bytes };
}

function* inBatches(members: readonly KeptMember[]): Generator<readonly KeptMember[], undefined> {
  let batch: KeptMember[] = [];
  let sizeBytes = 0;
  for (const member of members) {
    if (batch.length === BATCH_MEMBERS || (batch.length > 0 && sizeBytes + member.packedBytes > BATCH_BYTES)) {
      yield batch;
      batch = [];
      sizeBytes = 0;
    }
    batch.push(member);
    sizeBytes += member.packedBytes;
  }
  if (batch.length > 0) yield batch;
}

/** A part of a segment that is read at once, and the members in it. */
interface Span {
  readonly segment: string;
  readonly offset: number;
  end: number;
  readonly members: KeptMember[];
}

function spansOf(members: readonly KeptMember[]): readonly Span[] {
  const spans: Span[] = [];
  for (const member of members.toSorted((a, b) => compare(a.segment, b.segment) || a.offset - b.offset)) {
    const last = spans.at(-1);
    const end = member.offset + member.packedBytes;
    if (last?.segment === member.segment && member.offset <= last.end + GAP_BYTES) {
      last.end = Math.max(last.end, end);
      last.members.push(member);
    } else spans.push({ segment: member.segment, offset: member.offset, end, members: [member] });
  }
  return spans;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

async function readSpan(
  span: Span,
  whole: Buffer,
  fill: FillFromSegment,
  bytes: Map<KeptMember, Buffer>,
): Promise<void> {
  if (!(await fill(whole, span.segment, span.offset))) return;
  for (const member of span.members) {
    const start = member.offset - span.offset;
    bytes.set(member, whole.subarray(start, start + member.packedBytes));
  }
}

async function checked(member: KeptMember, bytes: Buffer | undefined): Promise<PackedMember | undefined> {
  if (bytes === undefined) return undefined;
  let check = beginCheck(member);
  for (let at = 0; at < bytes.length; at += CHECKED_PER_TURN) {
    if (at > 0) await breathe();
    check = crc32(bytes.subarray(at, at + CHECKED_PER_TURN), check);
  }
  const { method, crc32: contentCrc32, sizeBytes, packedBytes } = member;
  return check === member.check ? { method, crc32: contentCrc32, sizeBytes, packedBytes, body: bytes } : undefined;
}
