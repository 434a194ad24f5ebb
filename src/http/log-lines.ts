/** A line of a log, and the byte after it: where reading goes on. */
export interface LogLine {
  readonly text: string;
  readonly endsAt: number;
}

const NEWLINE = 0x0a;

/** Cuts the bytes of a log into lines, as they come. A line that has not ended yet is kept until it has. */
export class LogLines {
  /** Position in the log of the first byte that is kept. */
  #position: number;
  #kept: Buffer = Buffer.alloc(0);

  /** @param start where the bytes begin that will be added */
  constructor(start: number) {
    this.#position = start;
  }

  /** Where reading goes on: the end of what was added. */
  get readUntil(): number {
    return this.#position + this.#kept.byteLength;
  }

  add(chunk: Uint8Array): LogLine[] {
    const bytes = this.#kept.byteLength === 0 ? Buffer.from(chunk) : Buffer.concat([this.#kept, chunk]);
    const lines: LogLine[] = [];
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      const text = bytes.toString('utf8', start, end).replace(/\r/g, '');
      start = end + 1;
      lines.push({ text, endsAt: this.#position + start });
    }
    this.#position += start;
    this.#kept = bytes.subarray(start);
    return lines;
  }
}
