import { BlobError } from './blob-store.ts';

/** What an error of the file system means for a blob that is written; any other comes back as it is. */
export function toWriteError(key: string, error: unknown): unknown {
  switch (codeOf(error)) {
    case 'EEXIST':
      return new BlobError('exists', `There is a blob '${key}' already.`, { cause: error });
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return new BlobError('full', `There is no room for the blob '${key}': free some space on its disk.`, {
        cause: error,
      });
    default:
      return error;
  }
}

/** The name that Node.js gives to an error of the operating system, such as `ENOENT`. */
export function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
