import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { BlobStore } from '../blob/blob-store.ts';
import { quote } from '../domain/refusal.ts';
import { BlobReader } from './blob-reader.ts';
import { listEntries } from './list-entries.ts';
import { MENDIX_METADATA_PATH, type PackageMetadata, parseMendixMetadata } from './mendix-metadata.ts';
import type { PackageEntry } from './package-entry.ts';
import { PackageUnreadable } from './package-unreadable.ts';
import { readContent } from './read-content.ts';

/**
 * Reads a package out of the blob store, whoever made it: nothing of it is believed before it was looked at, and memory
 * grows with the length of its paths alone. Nothing is held open between two calls, so there is nothing to close.
 *
 * Each call throws {@link PackageUnreadable} when the package is not in order, and lets a BlobError through.
 */
export interface PackageZip {
  /**
   * What the package holds, in the order of its directory. Each entry is safe to unpack below a folder when it comes:
   * its path leads nowhere else, and no file or link stands where it or a folder of it goes. A later one may be wrong
   * still. May be called again.
   */
  entries(): AsyncIterable<PackageEntry>;
  /**
   * The content of an entry of this package, held against its size and checksum while it is read; the stream fails
   * when they are wrong. Several may be read at once. Whoever reads it to its end or destroys it has closed it.
   */
  open(entry: PackageEntry): Promise<Readable>;
  /** What `model/metadata.json` says; undefined when there is none. */
  readMetadata(): Promise<PackageMetadata | undefined>;
}

/** Real ones have some kilobytes. */
const MOST_METADATA_BYTES = 4 * 1024 * 1024;
const LOCAL_HEADER_BYTES = 30;
const LOCAL_HEADER = 0x04034b50;

/** Opens the zip that a blob of so many bytes is. Nothing is read before something is asked. */
export function openPackageZip(blobs: Pick<BlobStore, 'read'>, key: string, sizeBytes: number): PackageZip {
  const entries = () => listEntries(new BlobReader(blobs, key, sizeBytes), sizeBytes);
  // One window for the local headers of small members that stand side by side.
  const headers = new BlobReader(blobs, key, sizeBytes);
  const open = async (entry: PackageEntry) => {
    const start = await findContent(headers, entry, sizeBytes);
    const packed = readRange(blobs, key, { start, end: start + entry.packedBytes - 1 });
    return Readable.from(readContent(entry, packed), { objectMode: false });
  };
  return { entries, open, readMetadata: () => readMetadata(entries(), open) };
}

async function findContent(headers: BlobReader, entry: PackageEntry, sizeBytes: number): Promise<number> {
  const header = await headers.readAt(entry.offset, LOCAL_HEADER_BYTES);
  if (header.length < LOCAL_HEADER_BYTES || header.readUInt32LE(0) !== LOCAL_HEADER)
    throw new PackageUnreadable(`${quote(entry.path)} is not where its directory says`);
  const start = entry.offset + LOCAL_HEADER_BYTES + header.readUInt16LE(26) + header.readUInt16LE(28);
  if (start + entry.packedBytes > sizeBytes)
    throw new PackageUnreadable(`${quote(entry.path)} reaches beyond the end of the package`);
  return start;
}

/** The blob is opened when its bytes are asked for, so that an entry that nobody reads leaves nothing open. */
async function* readRange(
  blobs: Pick<BlobStore, 'read'>,
  key: string,
  range: { readonly start: number; readonly end: number },
) {
  if (range.end >= range.start) yield* await blobs.read(key, range);
}

async function readMetadata(
  entries: AsyncIterable<PackageEntry>,
  open: PackageZip['open'],
): Promise<PackageMetadata | undefined> {
  for await (const entry of entries) {
    if (entry.path !== MENDIX_METADATA_PATH || entry.kind !== 'file') continue;
    if (entry.sizeBytes > MOST_METADATA_BYTES)
      throw new PackageUnreadable(`its ${MENDIX_METADATA_PATH} has ${entry.sizeBytes} bytes`);
    return parseMendixMetadata(await text(await open(entry)));
  }
  return undefined;
}
