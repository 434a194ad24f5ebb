import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { BuildFailure } from '../../domain/failure.ts';
import { ifThere } from '../../files/file-errors.ts';

/** An MxBuild as it is given away: a tar, compressed with gzip or not. */
export interface Archive {
  /** Where it comes from, for people: a path or a URL. */
  readonly name: string;
  /** Whoever has opened it reads it to its end or destroys it. @throws BuildFailure `toolchain-missing` */
  open(signal: AbortSignal): Promise<Readable>;
}

/** The archive that a file is. */
export function archiveFile(path: string): Archive {
  return {
    name: path,
    async open() {
      const isFile = (await ifThere(stat(path)))?.isFile() ?? false;
      // A pipe or a device might never end.
      if (!isFile) throw new BuildFailure('toolchain-missing', `There is no file ${path}.`);
      return createReadStream(path);
    },
  };
}
