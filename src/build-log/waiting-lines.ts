/** Lines that wait to be written together; more than this is more than can be kept up with. */
const MOST_WAITING_CHARACTERS = 4 * 1024 * 1024;

export interface WaitingLinesOptions {
  readonly clock: () => number;
  /** What lines wait for. */
  readonly writtenTo: 'disk' | 'database';
}

/** The lines of one log that have yet to be written: with their times, harmless, and no more of them than fit. */
export class WaitingLines {
  readonly #options: WaitingLinesOptions;
  #lines: string[] = [];
  #characters = 0;
  #dropped = 0;

  constructor(options: WaitingLinesOptions) {
    this.#options = options;
  }

  get isEmpty(): boolean {
    return this.#lines.length === 0;
  }

  get characters(): number {
    return this.#characters;
  }

  /** Adds text as a line, or as several where it has line breaks. */
  add(text: string): void {
    for (const part of text.split(/\r\n|\n|\r/)) this.#add(this.stamp(makeHarmless(part)));
  }

  /** Takes the oldest lines out, as text. @param most of characters, but one line at least */
  take(most = Number.POSITIVE_INFINITY): string {
    let count = 0;
    let characters = 0;
    for (const { length } of this.#lines) {
      if (count > 0 && characters + length > most) break;
      count += 1;
      characters += length;
    }
    const taken = this.#lines.splice(0, count);
    this.#characters -= characters;
    // Dropped after all that waited.
    if (this.isEmpty && this.#dropped > 0) {
      taken.push(this.stamp(`… ${this.#dropped} lines were dropped: the ${this.#options.writtenTo} did not keep up.`));
      this.#dropped = 0;
    }
    return taken.join('');
  }

  /** Puts something before all that waits. */
  putFirst(text: string): void {
    this.#lines.unshift(text);
    this.#characters += text.length;
  }

  /** A line, with the time. */
  stamp(text: string): string {
    return `${new Date(this.#options.clock()).toISOString()} ${text}\n`;
  }

  #add(line: string): void {
    // None comes in between the dropped ones.
    if (this.#dropped > 0 || this.#characters >= MOST_WAITING_CHARACTERS) {
      this.#dropped += 1;
      return;
    }
    this.#lines.push(line);
    this.#characters += line.length;
  }
}

/** Control characters, which a terminal would obey, become visible; tabs stay. */
function makeHarmless(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
  return text.toWellFormed().replace(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g, '\ufffd');
}
