/**
 * The fallback for bodies that strict JSON does not accept: the same grammar, and a word without quotes as a value,
 * such as `{"Revision": 9, "Branch": trunk}`. It is slow and only ever sees small bodies.
 */
export function parseLenientJson(text: string): unknown {
  const reader = { text, at: 0 };
  const value = readValue(reader, 0);
  skipBlanks(reader);
  if (reader.at < text.length) throw unexpected(reader, 'the end of the body');
  return value;
}

/** Where a text stops being what it should be. */
export class JsonMistake extends Error {
  override readonly name = 'JsonMistake';
}

interface Reader {
  readonly text: string;
  at: number;
}

const DEEPEST = 20;
const BLANKS = /[ \t\r\n]*/y;
const STRING = /"(?:[^"\\]|\\.)*"/sy;
/** Blanks may stand inside, as in `Main line`, but not at the ends. */
const WORD = /[^\s"{}[\],:](?:[^"{}[\],:\r\n]*[^\s"{}[\],:])?/y;

function readValue(reader: Reader, depth: number): unknown {
  skipBlanks(reader);
  if (depth > DEEPEST) throw unexpected(reader, `at most ${DEEPEST} levels`);
  switch (reader.text[reader.at]) {
    case '{':
      return readObject(reader, depth);
    case '[':
      return readArray(reader, depth);
    case '"':
      return readString(reader);
    default:
      return readWord(reader, depth);
  }
}

function readObject(reader: Reader, depth: number): unknown {
  const entries: [string, unknown][] = [];
  readList(reader, '}', () => {
    skipBlanks(reader);
    const name = readString(reader);
    expect(reader, ':');
    entries.push([name, readValue(reader, depth + 1)]);
  });
  return Object.fromEntries(entries);
}

function readArray(reader: Reader, depth: number): unknown[] {
  const items: unknown[] = [];
  readList(reader, ']', () => items.push(readValue(reader, depth + 1)));
  return items;
}

function readList(reader: Reader, close: string, readItem: () => void): void {
  reader.at += 1;
  skipBlanks(reader);
  if (reader.text[reader.at] === close) {
    reader.at += 1;
    return;
  }
  for (;;) {
    readItem();
    skipBlanks(reader);
    const separator = reader.text[reader.at];
    if (separator !== ',' && separator !== close) throw unexpected(reader, `',' or '${close}'`);
    reader.at += 1;
    if (separator === close) return;
  }
}

function readString(reader: Reader): string {
  const start = reader.at;
  const quoted = match(reader, STRING);
  if (quoted === undefined) throw unexpected(reader, 'a string in double quotes');
  try {
    return String(JSON.parse(quoted));
  } catch {
    reader.at = start;
    throw unexpected(reader, 'a string with valid escapes');
  }
}

/** A word at the top would make any text a body: words are values inside objects and arrays alone. */
function readWord(reader: Reader, depth: number): unknown {
  const word = depth === 0 ? undefined : match(reader, WORD);
  if (word === undefined) throw unexpected(reader, depth === 0 ? 'an object' : 'a value');
  try {
    const value: unknown = JSON.parse(word);
    // A commit hash without quotes can look like a number: 12345e67.
    return typeof value === 'number' && String(value) !== word ? word : value;
  } catch {
    return word;
  }
}

function match(reader: Reader, pattern: RegExp): string | undefined {
  pattern.lastIndex = reader.at;
  const found = pattern.exec(reader.text)?.[0];
  reader.at += found?.length ?? 0;
  return found;
}

function skipBlanks(reader: Reader): void {
  match(reader, BLANKS);
}

function expect(reader: Reader, character: string): void {
  skipBlanks(reader);
  if (reader.text[reader.at] !== character) throw unexpected(reader, `'${character}'`);
  reader.at += 1;
}

function unexpected(reader: Reader, expected: string): JsonMistake {
  const before = reader.text.slice(0, reader.at).split('\n');
  const column = (before.at(-1)?.length ?? 0) + 1;
  const found = reader.at < reader.text.length ? `'${reader.text[reader.at]}'` : 'the end of the body';
  return new JsonMistake(`line ${before.length}, column ${column}: found ${found} where ${expected} should be`);
}
