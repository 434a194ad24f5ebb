const BLOCK_BYTES = 1024 * 1024;
/** Most packages are small, and a fresh block of the full size for each would keep the garbage collector busy. */
const FIRST_BLOCK_BYTES = 64 * 1024;

/**
 * Turns many small writes into few large ones, one of which is under way while the next block is filled. It keeps two
 * blocks in memory, whatever passes through.
 *
 * An error of the sink is thrown by a later call, at the latest by {@link flush}.
 */
export class CoalescingWriter {
  readonly #sink: (block: Uint8Array) => Promise<void>;
  readonly #blockBytes: number;
  #block: Buffer;
  #spare: Buffer;
  #used = 0;
  #written = 0;
  #underWay: Promise<void> = Promise.resolve();

  /** @param sink is called with one block at a time, which does not change before its promise is settled */
  constructor(sink: (block: Uint8Array) => Promise<void>, blockBytes: number = BLOCK_BYTES) {
    this.#sink = sink;
    this.#blockBytes = blockBytes;
    this.#block = Buffer.allocUnsafeSlow(Math.min(FIRST_BLOCK_BYTES, blockBytes));
    this.#spare = Buffer.alloc(0);
  }

  /** How many bytes were written so far, those on their way included. */
  get sizeBytes(): number {
    return this.#written + this.#used;
  }

  /** Appends. The bytes are copied: they may change as soon as it resolves. */
  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      if (this.#block.length === 0) this.#block = Buffer.allocUnsafeSlow(this.#blockBytes);
      const part = bytes.subarray(at, at + this.#block.length - this.#used);
      this.#block.set(part, this.#used);
      this.#used += part.length;
      at += part.length;
      if (this.#used === this.#block.length) await this.#pass();
    }
  }

  /** Passes everything on. Resolves when the sink has it. */
  async flush(): Promise<void> {
    if (this.#used > 0) await this.#pass();
    await this.#underWay;
  }

  /** Resolves when the sink is not at work any more, whether it failed or not. */
  async settle(): Promise<void> {
    await this.#underWay.catch(() => undefined);
  }

  async #pass(): Promise<void> {
    await this.#underWay;
    const full = this.#block;
    this.#underWay = this.#sink(full.subarray(0, this.#used));
    // It is awaited later; until then a failure must not count as unhandled.
    this.#underWay.catch(() => undefined);
    this.#written += this.#used;
    this.#used = 0;
    this.#block = this.#spare;
    this.#spare = full.length === this.#blockBytes ? full : Buffer.alloc(0);
  }
}
