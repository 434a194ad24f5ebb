import { setImmediate as breathe } from 'node:timers/promises';

/** Visits between two pauses: about a millisecond. */
const VISITS_PER_TURN = 20_000;

/** The first-parent line of a head, oldest first, with the count of commits reachable from each. */
export interface FirstParentLine {
  readonly commits: Int32Array;
  /** Strictly increasing. */
  readonly counts: Int32Array;
}

/**
 * The commits of a repository and their parents, in about 40 bytes each, so that questions about history need no
 * process. Commits are known by the order in which they were added.
 *
 * Invariant: parents are added before their children, so that an index is greater than those of all its ancestors.
 */
export class CommitGraph {
  readonly idBytes: number;
  #size = 0;
  #ids: Buffer;
  #parentsEnd = new Int32Array(256);
  #parents = new Int32Array(256);
  #parentsSize = 0;
  /** Open addressing by the first bytes of an id; 0 is free, else index + 1. */
  #table = new Int32Array(1024);
  readonly #scratch: Buffer;

  /** @param idBytes 20 for SHA-1, 32 for SHA-256 */
  constructor(idBytes: 20 | 32) {
    this.idBytes = idBytes;
    this.#ids = Buffer.alloc(256 * idBytes);
    this.#scratch = Buffer.alloc(idBytes);
  }

  get size(): number {
    return this.#size;
  }

  /** Adds a commit; one that is there already stays as it is, and parents that are not there are left out. */
  add(id: string, parents: readonly string[]): void {
    if (this.find(id) !== undefined) return;
    this.#grow(parents.length);
    const index = this.#size++;
    this.#ids.write(id, index * this.idBytes, 'hex');
    for (const parent of parents) {
      const found = this.find(parent);
      if (found !== undefined) this.#parents[this.#parentsSize++] = found;
    }
    this.#parentsEnd[index] = this.#parentsSize;
    this.#enter(index);
  }

  /** The index of a full id. */
  find(id: string): number | undefined {
    if (id.length !== this.idBytes * 2 || this.#scratch.write(id, 'hex') !== this.idBytes) return undefined;
    const mask = this.#table.length - 1;
    for (let slot = this.#scratch.readUInt32LE(0) & mask; ; slot = (slot + 1) & mask) {
      const entry = this.#table[slot] ?? 0;
      if (entry === 0) return undefined;
      const start = (entry - 1) * this.idBytes;
      if (this.#ids.compare(this.#scratch, 0, this.idBytes, start, start + this.idBytes) === 0) return entry - 1;
    }
  }

  /** The commits whose id begins with these hex digits, two at most: enough to know that there are several. */
  findByPrefix(prefix: string): readonly number[] {
    const whole = Buffer.from(prefix.slice(0, prefix.length & ~1), 'hex');
    const half = prefix.length % 2 === 1 ? Number.parseInt(prefix.slice(-1), 16) : undefined;
    const found: number[] = [];
    for (let index = 0; index < this.#size && found.length < 2; index++) {
      const start = index * this.idBytes;
      if (this.#ids[start] !== whole[0]) continue;
      if (this.#ids.compare(whole, 0, whole.length, start, start + whole.length) !== 0) continue;
      if (half === undefined || (this.#ids[start + whole.length] ?? 0) >> 4 === half) found.push(index);
    }
    return found;
  }

  idAt(index: number): string {
    return this.#ids.toString('hex', index * this.idBytes, (index + 1) * this.idBytes);
  }

  /** Whether one commit is another, or an ancestor of it. */
  async isAncestor(ancestor: number, head: number): Promise<boolean> {
    if (ancestor >= head) return ancestor === head;
    const seen = new Uint8Array(this.#size);
    const stack = [head];
    let visits = 0;
    for (let index = stack.pop(); index !== undefined; index = stack.pop()) {
      for (let at = this.#parentsStart(index); at < (this.#parentsEnd[index] ?? 0); at++) {
        const parent = this.#parents[at] ?? 0;
        if (parent === ancestor) return true;
        if (parent > ancestor && seen[parent] === 0) {
          seen[parent] = 1;
          stack.push(parent);
        }
      }
      if (++visits % VISITS_PER_TURN === 0) await breathe();
    }
    return false;
  }

  /**
   * Counts what is reachable from each of several commits, themselves included. 32 of them share one pass over the
   * history: every commit passes on to its parents who reaches it, as bits.
   */
  async countReachable(heads: readonly number[]): Promise<readonly number[]> {
    const counts: number[] = [];
    for (let at = 0; at < heads.length; at += 32) counts.push(...(await this.#countUpTo32(heads.slice(at, at + 32))));
    return counts;
  }

  async #countUpTo32(heads: readonly number[]): Promise<readonly number[]> {
    const reachedBy = new Uint32Array(Math.max(...heads) + 1);
    for (const [bit, head] of heads.entries()) reachedBy[head] = (reachedBy[head] ?? 0) | (1 << bit);
    const everyHead = 0xffffffff >>> (32 - heads.length);
    const counts = new Int32Array(heads.length);
    let common = 0;
    for (let index = reachedBy.length - 1; index >= 0; index--) {
      const bits = reachedBy[index] ?? 0;
      if (bits === 0) continue;
      if (bits === everyHead) common += 1;
      else addBits(counts, bits);
      const end = this.#parentsEnd[index] ?? 0;
      for (let at = this.#parentsStart(index); at < end; at++) {
        const parent = this.#parents[at] ?? 0;
        reachedBy[parent] = (reachedBy[parent] ?? 0) | bits;
      }
      if (index % VISITS_PER_TURN === 0) await breathe();
    }
    return Array.from(counts, (count) => count + common);
  }

  /** Whether a commit is a head or one of the first parents below it. */
  async isOnFirstParents(commit: number, head: number): Promise<boolean> {
    let visits = 0;
    for (
      let index: number | undefined = head;
      index !== undefined && index >= commit;
      index = this.#firstParent(index)
    ) {
      if (index === commit) return true;
      if (++visits % VISITS_PER_TURN === 0) await breathe();
    }
    return false;
  }

  /** Follows first parents down from a head and counts what is reachable from each, in one pass over the history. */
  async firstParentLine(head: number): Promise<FirstParentLine> {
    const line = await this.#firstParents(head);
    const counts = new Int32Array(line.length);
    const seen = new Uint8Array(this.#size);
    const stack: number[] = [];
    let count = 0;
    for (let at = 0; at < line.length; at++) {
      stack.push(line[at] ?? 0);
      seen[line[at] ?? 0] = 1;
      for (let index = stack.pop(); index !== undefined; index = stack.pop()) {
        if (++count % VISITS_PER_TURN === 0) await breathe();
        this.#pushUnseenParents(index, seen, stack);
      }
      counts[at] = count;
    }
    return { commits: line, counts };
  }

  async #firstParents(head: number): Promise<Int32Array> {
    const line: number[] = [];
    let index: number | undefined = head;
    while (index !== undefined) {
      line.push(index);
      index = this.#firstParent(index);
      if (line.length % VISITS_PER_TURN === 0) await breathe();
    }
    return Int32Array.from(line).reverse();
  }

  #firstParent(index: number): number | undefined {
    const start = this.#parentsStart(index);
    return start < (this.#parentsEnd[index] ?? 0) ? this.#parents[start] : undefined;
  }

  #pushUnseenParents(index: number, seen: Uint8Array, stack: number[]): void {
    const end = this.#parentsEnd[index] ?? 0;
    for (let at = this.#parentsStart(index); at < end; at++) {
      const parent = this.#parents[at] ?? 0;
      if (seen[parent] !== 0) continue;
      seen[parent] = 1;
      stack.push(parent);
    }
  }

  #parentsStart(index: number): number {
    return index === 0 ? 0 : (this.#parentsEnd[index - 1] ?? 0);
  }

  #grow(parentCount: number): void {
    if (this.#size === this.#parentsEnd.length) {
      this.#parentsEnd = enlarged(this.#parentsEnd, this.#size * 2);
      const ids = Buffer.alloc(this.#ids.length * 2);
      this.#ids.copy(ids);
      this.#ids = ids;
    }
    if (this.#parentsSize + parentCount > this.#parents.length) {
      this.#parents = enlarged(this.#parents, (this.#parentsSize + parentCount) * 2);
    }
    if ((this.#size + 1) * 2 > this.#table.length) this.#rebuildTable();
  }

  #rebuildTable(): void {
    this.#table = new Int32Array(this.#table.length * 4);
    for (let index = 0; index < this.#size; index++) this.#enter(index);
  }

  #enter(index: number): void {
    const mask = this.#table.length - 1;
    let slot = this.#ids.readUInt32LE(index * this.idBytes) & mask;
    while (this.#table[slot] !== 0) slot = (slot + 1) & mask;
    this.#table[slot] = index + 1;
  }
}

function addBits(counts: Int32Array, bits: number): void {
  for (let left = bits; left !== 0; left &= left - 1) {
    const bit = 31 - Math.clz32(left & -left);
    counts[bit] = (counts[bit] ?? 0) + 1;
  }
}

function enlarged(array: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(length);
  larger.set(array);
  return larger;
}
