import { pipeline } from 'node:stream/promises';
import { Busboy, type BusboyInstance } from '@fastify/busboy';
import { Refusal } from '../domain/refusal.ts';
import type { UploadFields } from '../domain/upload-fields.ts';

const LIMITS = { files: 1, fields: 50, parts: 60, fieldSize: 64 * 1024, headerPairs: 50, headerSize: 16 * 1024 };
const FILE_BUFFER_BYTES = 256 * 1024;

/**
 * Reads a form as it comes in: its file, whatever its part is called, and the parts `Name` and `Description`, before it
 * or behind it.
 *
 * @throws Refusal INVALID_PACKAGE when it is no form, or has no file or several; what body or sink throw passes through
 */
export async function readForm(
  body: AsyncIterable<Uint8Array>,
  boundary: string,
  sink: (chunk: Uint8Array) => Promise<void>,
): Promise<UploadFields> {
  const form = openForm(boundary);
  const fields = new Map<string, string>();
  let file: Promise<void> | undefined;
  form.on('field', (name, value) => void fields.set(name.toLowerCase(), value));
  form.on('filesLimit', () => form.destroy(new Refusal('INVALID_PACKAGE', 'The form has more than one file.')));
  form.on('file', (_name, content) => {
    file = drain(content, sink);
    // What goes wrong with the file ends the form, and is thrown below.
    file.catch((error: Error) => form.destroy(error));
  });
  await feed(body, form);
  if (file === undefined)
    throw new Refusal('INVALID_PACKAGE', 'The form has no file: send the package as its part `file`.');
  await file;
  return { name: fields.get('name'), description: fields.get('description') };
}

function openForm(boundary: string): BusboyInstance {
  return new Busboy({
    headers: { 'content-type': `multipart/form-data; boundary="${boundary.replace(/["\\]/g, '\\$&')}"` },
    fileHwm: FILE_BUFFER_BYTES,
    limits: LIMITS,
    isPartAFile: (name, _type, fileName) => fileName !== undefined || name?.toLowerCase() === 'file',
  });
}

async function feed(body: AsyncIterable<Uint8Array>, form: BusboyInstance): Promise<void> {
  const source = remembering(body);
  try {
    await pipeline(source.chunks, form);
  } catch (error) {
    if (error instanceof Refusal || error === source.failure()) throw error;
    throw new Refusal('INVALID_PACKAGE', 'The form ends too early, or is none.', { cause: error });
  }
}

/** Tells what the body has thrown from what the parser says of it. */
function remembering(body: AsyncIterable<Uint8Array>) {
  let failure: unknown;
  async function* chunks(): AsyncGenerator<Uint8Array, void> {
    try {
      yield* body;
    } catch (error) {
      failure = error;
      throw error;
    }
  }
  return { chunks: chunks(), failure: () => failure };
}

async function drain(content: AsyncIterable<Uint8Array>, sink: (chunk: Uint8Array) => Promise<void>): Promise<void> {
  for await (const chunk of content) await sink(chunk);
}
