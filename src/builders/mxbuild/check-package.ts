import type { FileHandle } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { fromFdPromise, type ZipFile } from 'yauzl';
import { BuildFailure } from '../../domain/failure.ts';
import { quote } from '../../domain/refusal.ts';

/** What a package has to say of itself in `model/metadata.json`. */
export interface ExpectedPackage {
  readonly RuntimeVersion: string;
  readonly ModelVersion: string;
}

const METADATA = 'model/metadata.json';
/** Real ones have some kilobytes. */
const MOST_METADATA_BYTES = 16 * 1024 * 1024;
const FOLDERS = ['model/', 'web/'];

/**
 * Looks whether a file is the package that MxBuild was asked for: a zip with `model/`, `web/`, and in its metadata the
 * versions that were asked for (the rule by which cf-mendix-buildpack, `bin/detect`, knows packages).
 *
 * @param file open for reading; it stays open
 * @throws BuildFailure `builder-failed` with what is wrong
 */
export async function checkPackage(file: FileHandle, expected: ExpectedPackage): Promise<void> {
  const { folders, metadata } = await readPackage(file);
  const missing = FOLDERS.find((folder) => !folders.has(folder));
  if (missing !== undefined) throw wrong(`it has no ${missing}`);
  const found = parse(metadata);
  for (const [key, value] of Object.entries(expected)) {
    const own = Object.getOwnPropertyDescriptor(found, key)?.value;
    if (own !== value) throw wrong(`its ${key} is ${quote(own)} and not ${quote(value)}`);
  }
}

async function readPackage(file: FileHandle): Promise<{ folders: ReadonlySet<string>; metadata: string }> {
  const folders = new Set<string>();
  let metadata: string | undefined;
  try {
    const zip = await fromFdPromise(file.fd, { lazyEntries: true, autoClose: false });
    for await (const entry of zip.eachEntry()) {
      folders.add(entry.fileName.slice(0, entry.fileName.indexOf('/') + 1));
      if (entry.fileName === METADATA) metadata = await readMetadata(zip, entry);
    }
  } catch (error) {
    throw error instanceof BuildFailure ? error : wrong('it is no zip, or a damaged one', error);
  }
  if (metadata === undefined) throw wrong(`it has no ${METADATA}`);
  return { folders, metadata };
}

type Entry = Parameters<ZipFile['openReadStreamPromise']>[0];

/** The size that the zip tells is held against what comes out of it, by the library. */
async function readMetadata(zip: ZipFile, entry: Entry): Promise<string> {
  if (entry.uncompressedSize > MOST_METADATA_BYTES) throw wrong(`its ${METADATA} has ${entry.uncompressedSize} bytes`);
  return await text(await zip.openReadStreamPromise(entry));
}

function parse(metadata: string): object {
  try {
    const found: unknown = JSON.parse(metadata.replace(/^\ufeff/, ''));
    if (typeof found === 'object' && found !== null) return found;
  } catch {}
  throw wrong(`its ${METADATA} is no JSON object`);
}

function wrong(what: string, cause?: unknown): BuildFailure {
  return new BuildFailure('builder-failed', `MxBuild made a package that is not what was asked for: ${what}.`, {
    cause,
  });
}
