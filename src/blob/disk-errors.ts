import { codeOf } from '../files/file-errors.ts';
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
