import { quote, Refusal } from '../domain/refusal.ts';
import type { UploadFields } from '../domain/upload-fields.ts';
import { readForm } from './upload-form.ts';

/** Takes the bytes of a file, one chunk after the other. */
export type Sink = (chunk: Uint8Array) => Promise<void>;

/** What a form may have beside its file. */
export const FORM_BYTES = 1024 * 1024;
const LONGEST_FIRST_LINE = 300;
const NO_FIELDS: UploadFields = { name: undefined, description: undefined };

/**
 * Reads the body of an upload: the bytes of a zip as they are, or a form with a file in it. Which of the two it is its
 * first bytes say, for clients send either under any Content-Type.
 *
 * @param sink is given the file; the next chunk is read when it has taken the last
 * @returns what else a form has said
 * @throws Refusal INVALID_PACKAGE, PAYLOAD_TOO_LARGE; what the body or the sink throw passes through
 */
export async function readUploadBody(
  body: AsyncIterable<Uint8Array>,
  mostBytes: number,
  sink: Sink,
): Promise<UploadFields> {
  const [start, rest] = await peek(body);
  const takeFile = zipSink(mostBytes, sink);
  const boundary = /^(?:\r?\n)*--([^\r\n]{1,200}?)[ \t]*\r\n/.exec(start.toString('latin1'))?.[1];
  if (boundary !== undefined)
    return await readForm(limited(rest, mostBytes + FORM_BYTES, mostBytes), boundary, takeFile);
  if (start.length === 0) throw new Refusal('INVALID_PACKAGE', 'The body is empty: send the bytes of the package.');
  for await (const chunk of rest) await takeFile(chunk);
  return NO_FIELDS;
}

/** The first line of a body, as far as that is needed, and the body with it. */
async function peek(body: AsyncIterable<Uint8Array>): Promise<[Buffer, AsyncIterable<Uint8Array>]> {
  const iterator = body[Symbol.asyncIterator]();
  let start = Buffer.alloc(0);
  while (start.length < LONGEST_FIRST_LINE && !/^[^-\r\n]|--.*\r\n/.test(start.toString('latin1'))) {
    const { value, done } = await iterator.next();
    if (done === true) break;
    start = Buffer.concat([start, value]);
  }
  return [start, continued(start, iterator)];
}

async function* continued(start: Uint8Array, iterator: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  try {
    if (start.length > 0) yield start;
    yield* { [Symbol.asyncIterator]: () => iterator };
  } finally {
    await iterator.return?.();
  }
}

async function* limited(body: AsyncIterable<Uint8Array>, most: number, mostOfFile: number): AsyncGenerator<Uint8Array> {
  let left = most;
  for await (const chunk of body) {
    left -= chunk.byteLength;
    if (left < 0) throw tooLarge(mostOfFile);
    yield chunk;
  }
}

/** Refuses a file as early as can be seen that it is none. */
function zipSink(mostBytes: number, sink: Sink): Sink {
  let sizeBytes = 0;
  return async (chunk) => {
    if (sizeBytes === 0 && chunk.byteLength > 0) checkStart(chunk);
    sizeBytes += chunk.byteLength;
    if (sizeBytes > mostBytes) throw tooLarge(mostBytes);
    await sink(chunk);
  };
}

/** A chunk of one byte is as good a start as any. */
function checkStart(chunk: Uint8Array): void {
  const start = Buffer.from(chunk.subarray(0, 40)).toString('latin1');
  if (start.startsWith('PK'.slice(0, start.length))) return;
  throw new Refusal(
    'INVALID_PACKAGE',
    `What was uploaded is no zip, and no form with one in it: it starts ${quote(start)}.`,
  );
}

/** @param mostBytes what a package may have */
export function tooLarge(mostBytes: number): Refusal {
  return new Refusal('PAYLOAD_TOO_LARGE', `A package of more than ${mostBytes} bytes is not taken: make it smaller.`);
}
