/** What stands in the tree for a file that Git LFS keeps elsewhere. */
export interface LfsPointer {
  /** SHA-256 of the content, in hex. */
  readonly oid: string;
  readonly sizeBytes: number;
}

const VERSION_LINE = 'version https://git-lfs.github.com/spec/v1\n';
/** A pointer is smaller than this: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md */
const LIMIT_BYTES = 1024;

/**
 * Reads an LFS pointer; undefined for every other content. Pointers are known by their form, as git-lfs knows them, and
 * not by `.gitattributes`: so the same blob always stands for the same bytes.
 */
export function parseLfsPointer(bytes: Buffer): LfsPointer | undefined {
  if (bytes.length >= LIMIT_BYTES || !bytes.subarray(0, VERSION_LINE.length).equals(Buffer.from(VERSION_LINE))) {
    return undefined;
  }
  const text = bytes.toString('utf8');
  const oid = /^oid sha256:([0-9a-f]{64})$/m.exec(text)?.[1];
  const size = /^size (\d{1,15})$/m.exec(text)?.[1];
  return oid === undefined || size === undefined ? undefined : { oid, sizeBytes: Number(size) };
}
