import type { Entry } from 'yauzl';
import { quote } from '../domain/refusal.ts';
import type { MemberFacts } from './member.ts';
import { PackageUnreadable } from './package-unreadable.ts';

/** A member of a package, as the zip's directory tells it; its content has yet to prove it right. */
export interface PackageEntry extends MemberFacts {
  /** Relative, with `/` between its parts, none of which is empty, `.` or `..`; without one at its end. */
  readonly path: string;
  /** A symbolic link's content is where it leads, which nobody has looked at. */
  readonly kind: 'file' | 'folder' | 'symlink';
  readonly isExecutable: boolean;
  /** Where in the zip its local header begins. */
  readonly offset: number;
}

/** A path that is longer has no place in Linux's file systems. */
const LONGEST_PATH_BYTES = 4095;
const LONGEST_PART_BYTES = 255;
const UNIX_HOSTS = [3, 19];
const KIND_BITS = 0o170_000;
const KINDS = new Map<number, PackageEntry['kind']>([
  [0, 'file'],
  [0o100_000, 'file'],
  [0o040_000, 'folder'],
  [0o120_000, 'symlink'],
]);

/** @throws PackageUnreadable when it is nothing that may be unpacked */
export function parseEntry(entry: Entry): PackageEntry {
  const mode = UNIX_HOSTS.includes(entry.versionMadeBy >> 8) ? entry.externalFileAttributes >>> 16 : 0;
  return {
    path: parsePath(entry.fileName),
    kind: parseKind(entry.fileName, mode),
    isExecutable: (mode & 0o111) !== 0,
    method: parseMethod(entry),
    crc32: entry.crc32,
    sizeBytes: entry.uncompressedSize,
    packedBytes: entry.compressedSize,
    offset: entry.relativeOffsetOfLocalHeader,
  };
}

/** @param name in which the library has turned each backslash into `/` already, as unpackers do */
function parsePath(name: string): string {
  const path = name.endsWith('/') ? name.slice(0, -1) : name;
  if (path.includes('\0')) throw new PackageUnreadable(`the name ${quote(name)} has a zero byte`);
  if (Buffer.byteLength(path) > LONGEST_PATH_BYTES) throw new PackageUnreadable(`the name ${quote(name)} is too long`);
  for (const part of path.split('/')) {
    if (part === '' || part === '.' || part === '..')
      throw new PackageUnreadable(`the name ${quote(name)} is not that of a file below the package's top`);
    if (Buffer.byteLength(part) > LONGEST_PART_BYTES)
      throw new PackageUnreadable(`the name ${quote(name)} has a part of more than ${LONGEST_PART_BYTES} bytes`);
  }
  return path;
}

function parseKind(name: string, mode: number): PackageEntry['kind'] {
  const kind = KINDS.get(mode & KIND_BITS);
  if (kind === undefined) throw new PackageUnreadable(`${quote(name)} is neither a file nor a folder nor a link`);
  return name.endsWith('/') ? 'folder' : kind;
}

function parseMethod(entry: Entry): MemberFacts['method'] {
  if (entry.isEncrypted()) throw new PackageUnreadable(`${quote(entry.fileName)} is encrypted`);
  if (entry.compressionMethod === 0) return 'stored';
  if (entry.compressionMethod === 8) return 'deflated';
  throw new PackageUnreadable(
    `${quote(entry.fileName)} is packed by method ${entry.compressionMethod}; deflate is the one that everybody reads`,
  );
}
