import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandFailure } from '../cli/exit-codes.ts';
import { ifThere } from '../files/file-errors.ts';
import { writeSecretFile } from './secret-file.ts';

/** In the data folder: says, in a line, where a move has taken what is in it. */
export const MOVED_TO = 'moved-to';

/** Keeps servers from a data folder, durably. @param place where its contents are from now on */
export async function markMoved(dataFolder: string, place: string): Promise<void> {
  await writeSecretFile(join(dataFolder, MOVED_TO), `${place}\n`);
}

/** For whoever writes to a data folder: nobody would look there for it any more. @throws CommandFailure */
export async function refuseMoved(dataFolder: string): Promise<void> {
  const file = join(dataFolder, MOVED_TO);
  const place = (await ifThere(readFile(file, 'utf8')))?.trim();
  if (place === undefined) return;
  const message = `${dataFolder} was moved to ${place}: start servers there, and name it to commands, with --database and --blobs. It is as it was then; delete ${file} to go on with it after all, without what came later.`;
  throw new CommandFailure('usage', 'DATA_FOLDER_MOVED', message);
}
