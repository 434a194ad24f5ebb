const SHORTEST_SECRET = 4;
const SHORTEST_NEEDLE = 4;
/** Counted without blanks. Shorter ones, such as the braces of JSON, would be found everywhere. */
const SHORTEST_LINE = 16;
const BLANK = /[ \t\r\n]/g;
const MARK = '***';

/**
 * Takes secrets out of a stream of text, however it is cut: as they are, in base64 at every alignment, in an URL or in
 * JSON, and with blanks and line breaks anywhere in between; of one with several lines, each long line by itself, too. What
 * may be the beginning of one waits for what comes next.
 */
export interface Redactor {
  /** @returns what can be shown by now */
  write(chunk: Uint8Array): Uint8Array;
  /** @returns the rest */
  end(): Uint8Array;
}

/** @param secrets those of less than four characters are not looked for: they would be found everywhere */
export function createRedactor(secrets: Iterable<string>): Redactor {
  const needles = [...new Set([...secrets].filter(({ length }) => length >= SHORTEST_SECRET).flatMap(spellings))]
    .filter(({ length }) => length >= SHORTEST_NEEDLE)
    .map((text) => ({ text, failures: failuresOf(text) }));
  let waiting = '';
  const take = (text: string, isEnd: boolean) => {
    const found = redact(waiting + text, needles, isEnd);
    waiting = found.waiting;
    return Buffer.from(found.shown, 'latin1');
  };
  return {
    write: (chunk) => (needles.length === 0 ? chunk : take(Buffer.from(chunk).toString('latin1'), false)),
    end: () => take('', true),
  };
}

/** Takes secrets out of a whole text. @param secrets as of {@link createRedactor} */
export function redactText(text: string, secrets: Iterable<string>): string {
  const redactor = createRedactor(secrets);
  return Buffer.concat([redactor.write(Buffer.from(text)), redactor.end()]).toString();
}

interface Needle {
  /** Bytes as Latin-1, without blanks. */
  readonly text: string;
  /** For each length of a beginning that matches, the length of the next shorter one that does as well. */
  readonly failures: Uint32Array;
}

function redact(text: string, needles: readonly Needle[], isEnd: boolean): { shown: string; waiting: string } {
  const { solid, places } = withoutBlanks(text);
  const hidden = findAll(solid, needles);
  const held = isEnd ? solid.length : solid.length - Math.max(0, ...needles.map((one) => overlap(solid, one)));
  // A secret that reaches into what waits is shown, as a mark, together with it.
  const cutAt = hidden.findLast(({ from, to }) => from < held && to > held)?.from ?? held;
  let shown = '';
  let at = 0;
  for (const { from, to } of hidden) {
    if (from >= cutAt) break;
    shown += `${text.slice(at, places[from])}${MARK}`;
    at = (places[to - 1] ?? 0) + 1;
  }
  const end = cutAt < solid.length ? (places[cutAt] ?? text.length) : text.length;
  return { shown: shown + text.slice(at, end), waiting: text.slice(end) };
}

function withoutBlanks(text: string): { solid: string; places: Uint32Array } {
  const places = new Uint32Array(text.length);
  let count = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code !== 32 && code !== 9 && code !== 10 && code !== 13) places[count++] = at;
  }
  return { solid: text.replace(BLANK, ''), places };
}

/** Every place of a needle, those that overlap as one, in their order. */
function findAll(solid: string, needles: readonly Needle[]): readonly { from: number; to: number }[] {
  const found: { from: number; to: number }[] = [];
  for (const { text } of needles) {
    for (let at = solid.indexOf(text); at >= 0; at = solid.indexOf(text, at + 1)) {
      found.push({ from: at, to: at + text.length });
    }
  }
  const merged: { from: number; to: number }[] = [];
  for (const one of found.sort((a, b) => a.from - b.from)) {
    const last = merged.at(-1);
    if (last !== undefined && one.from < last.to) last.to = Math.max(last.to, one.to);
    else merged.push({ ...one });
  }
  return merged;
}

/** How much of the end is the beginning of a needle, and not the whole of it. */
function overlap(solid: string, { text, failures }: Needle): number {
  let length = 0;
  for (let at = Math.max(0, solid.length - text.length + 1); at < solid.length; at++) {
    while (length > 0 && text[length] !== solid[at]) length = failures[length - 1] ?? 0;
    if (text[length] === solid[at]) length++;
  }
  return length;
}

function failuresOf(text: string): Uint32Array {
  const failures = new Uint32Array(text.length);
  for (let at = 1, length = 0; at < text.length; at++) {
    while (length > 0 && text[length] !== text[at]) length = failures[length - 1] ?? 0;
    if (text[length] === text[at]) length++;
    failures[at] = length;
  }
  return failures;
}

function spellings(secret: string): readonly string[] {
  const plain = [secret, encodeURIComponent(secret.toWellFormed()), JSON.stringify(secret).slice(1, -1)];
  return [...plain.map(toNeedle), ...linesOf(secret), ...inBase64(secret)];
}

function toNeedle(text: string): string {
  return Buffer.from(text).toString('latin1').replace(BLANK, '');
}

/** A command may put something before each line, as a program does that counts them. */
function linesOf(secret: string): readonly string[] {
  return secret
    .split(/[\r\n]+/)
    .map(toNeedle)
    .filter(({ length }) => length >= SHORTEST_LINE);
}

/** What every base64 text that holds these bytes has in it, whatever stands before and behind them. */
function inBase64(secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  return [0, 1, 2].flatMap((before) => {
    const all = Buffer.concat([Buffer.alloc(before), bytes]);
    // The first characters hold bits of what stands before, the last one of what follows.
    const text = all.toString('base64').slice(Math.ceil((before * 8) / 6), Math.floor((all.length * 8) / 6));
    return [text, text.replaceAll('+', '-').replaceAll('/', '_')];
  });
}
