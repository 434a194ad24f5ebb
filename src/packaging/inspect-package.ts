import type { PackageMetadata } from './mendix-metadata.ts';
import { PackageUnreadable } from './package-unreadable.ts';
import type { PackageZip } from './package-zip.ts';

/** What a package that is in order holds. */
export interface PackageInspection {
  readonly files: number;
  /** Size of all contents, unpacked. */
  readonly contentBytes: number;
  /** What it says of itself; undefined where it is no package of a Mendix app. */
  readonly metadata: PackageMetadata | undefined;
}

/**
 * Reads a package from end to end, as whoever unpacks it would: its directory, and every content, with its size and
 * checksum.
 *
 * @param mostContentBytes what it may hold, unpacked
 * @throws PackageUnreadable; BlobError and the signal's reason pass through
 */
export async function inspectPackage(
  zip: PackageZip,
  mostContentBytes: number,
  signal: AbortSignal,
): Promise<PackageInspection> {
  let files = 0;
  let contentBytes = 0;
  for await (const entry of zip.entries()) {
    signal.throwIfAborted();
    if (entry.kind === 'folder') continue;
    files += 1;
    contentBytes += entry.sizeBytes;
    // Before it is read: no more than an entry says comes out of it.
    if (contentBytes > mostContentBytes)
      throw new PackageUnreadable(`it holds more than ${mostContentBytes} bytes, unpacked`);
    for await (const _ of await zip.open(entry)) signal.throwIfAborted();
  }
  if (files === 0) throw new PackageUnreadable('it holds no file');
  return { files, contentBytes, metadata: await zip.readMetadata() };
}
