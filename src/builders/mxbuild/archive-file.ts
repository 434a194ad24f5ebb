import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { BuildFailure } from '../../domain/failure.ts';
import { ifThere } from '../../files/file-errors.ts';

/** There is no archive, or one that is of no use: another one is what mends it. */
export class UnusableArchive extends BuildFailure {
  /** @param message a sentence that names the archive */
  constructor(message: string, options: { readonly cause?: unknown } = {}) {
    super('toolchain-missing', message, options);
  }
}

/** An MxBuild as it is given away: a tar, compressed with gzip or not. */
export interface Archive {
  /** Where it comes from, for people: a path or a URL. */
  readonly name: string;
  /** Whoever has opened it reads it to its end or destroys it. @throws UnusableArchive */
  open(signal: AbortSignal): Promise<Readable>;
}

/** The archive that a file is. */
export function archiveFile(path: string): Archive {
  return {
    name: path,
    async open() {
      const isFile = (await ifThere(stat(path)))?.isFile() ?? false;
      // A pipe or a device might never end.
      if (!isFile) throw new UnusableArchive(`There is no file ${path}.`);
      return createReadStream(path);
    },
  };
}
