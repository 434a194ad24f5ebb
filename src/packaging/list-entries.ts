import { type Entry, fromRandomAccessReaderPromise, type ZipFile } from 'yauzl';
import type { BlobReader } from './blob-reader.ts';
import { DistinctPaths } from './distinct-paths.ts';
import { type PackageEntry, parseEntry } from './package-entry.ts';
import { PackageUnreadable } from './package-unreadable.ts';

/** Beyond any package that was ever deployed, and small enough to be gone through in memory. */
const MOST_ENTRIES = 200_000;
const MOST_DIRECTORY_BYTES = 32 * 1024 * 1024;
/** What a member costs in the directory beside its texts (APPNOTE 4.3.12). */
const DIRECTORY_LINE_BYTES = 46;

/**
 * Goes through the directory of a zip. An entry is checked, alone and beside those before it, when it is yielded.
 *
 * @param sizeBytes of the whole zip
 * @throws PackageUnreadable; BlobError passes through
 */
export async function* listEntries(reader: BlobReader, sizeBytes: number): AsyncGenerator<PackageEntry, void> {
  try {
    const zip = await fromRandomAccessReaderPromise(reader, sizeBytes, { autoClose: false });
    yield* checkedEntries(zip, sizeBytes);
  } catch (error) {
    if (reader.failure !== undefined) throw reader.failure;
    throw error instanceof PackageUnreadable ? error : damaged(error);
  }
}

async function* checkedEntries(zip: ZipFile, sizeBytes: number): AsyncGenerator<PackageEntry, void> {
  if (zip.entryCount > MOST_ENTRIES) throw new PackageUnreadable(`it has more than ${MOST_ENTRIES} members`);
  const paths = new DistinctPaths();
  let directoryBytes = 0;
  let packedBytes = 0;
  for await (const record of zip.eachEntry()) {
    directoryBytes += directoryLineBytes(record);
    if (directoryBytes > MOST_DIRECTORY_BYTES)
      throw new PackageUnreadable(`its directory has more than ${MOST_DIRECTORY_BYTES} bytes`);
    const entry = parseEntry(record);
    // Many members at one place would have the same bytes inflated again and again, also where nothing comes out of them.
    packedBytes += entry.packedBytes;
    if (packedBytes > sizeBytes)
      throw new PackageUnreadable('its members overlap, or reach beyond the end of the package');
    paths.add(entry);
    yield entry;
  }
}

function directoryLineBytes({ fileNameLength, extraFieldLength, fileCommentLength }: Entry): number {
  return DIRECTORY_LINE_BYTES + fileNameLength + extraFieldLength + fileCommentLength;
}

function damaged(error: unknown): PackageUnreadable {
  const reason = error instanceof Error ? error.message.replace(/\.$/, '') : String(error);
  return new PackageUnreadable(`it is no zip, or a damaged one (${reason})`, { cause: error });
}
