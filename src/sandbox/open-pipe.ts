import { execFile } from 'node:child_process';
import { closeSync, constants, openSync, unlinkSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { BuildFailure } from '../domain/failure.ts';

/** What a command writes to, and what is read of it. Whoever opened it starts the command by {@link startWriting}. */
export interface OutputPipe {
  /** Ends when nobody can write any more. */
  readonly output: Socket;
  /** File descriptor for the standard streams of a child. */
  readonly input: number;
}

/**
 * Opens a pipe as a shell makes one. What Node calls a pipe is a socket, which nobody can open anew, as
 * `echo text > /dev/stderr` does.
 *
 * @param folder where it has a name for a moment
 * @param path where `mkfifo` is looked for before the usual folders: a PATH
 * @throws BuildFailure `no-sandbox`
 */
export async function openPipe(folder: string, path: string): Promise<OutputPipe> {
  const name = join(folder, 'output');
  const env = { PATH: `${path}:/usr/bin:/bin` };
  await promisify(execFile)('mkfifo', ['-m', '600', name], { env }).catch((cause: unknown) => {
    const message = 'A pipe for the output of a command could not be made: the server needs mkfifo, of coreutils.';
    throw new BuildFailure('no-sandbox', message, { cause });
  });
  // Neither of the two waits for the other end.
  const reading = openSync(name, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const input = openSync(name, constants.O_WRONLY);
    unlinkSync(name);
    return { output: new Socket({ fd: reading, readable: true, writable: false }), input };
  } catch (error) {
    closeSync(reading);
    throw error;
  }
}

/** Starts what writes to a pipe; the output ends when that has ended, or was never begun. */
export async function startWriting<T>({ input }: OutputPipe, start: () => T | Promise<T>): Promise<T> {
  try {
    return await start();
  } finally {
    closeSync(input);
  }
}
