import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { text } from 'node:stream/consumers';
import type { Cli } from './cli.ts';
import { CommandFailure } from './exit-codes.ts';

/** The first line of a stream, without surrounding blanks; empty when there is none. */
export async function readFirstLine(stream: NodeJS.ReadableStream): Promise<string> {
  const lines = createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY });
  try {
    for await (const line of lines) return line.trim();
    return '';
  } finally {
    lines.close();
  }
}

/**
 * Reads a secret that may have several lines: from a file, else from the terminal without showing it, else from standard
 * input. The line break at its end is left out.
 *
 * @throws CommandFailure where there is none
 */
export async function readSecret(cli: Cli, file: string | undefined, question: string): Promise<string> {
  const given = file === undefined ? await readInput(cli, question) : await readGivenFile(cli, file);
  const secret = given.replace(/\r?\n$/, '');
  if (secret !== '') return secret;
  const message = 'There is nothing to keep: give it on standard input or in a file.';
  throw new CommandFailure('usage', 'MISSING', message);
}

function readInput(cli: Cli, question: string): Promise<string> {
  return cli.stdin.isTTY === true ? askSecret(cli, question) : text(cli.stdin);
}

/** @throws CommandFailure naming the file and what is wrong with it */
export async function readGivenFile(cli: Cli, file: string): Promise<string> {
  const path = resolve(cli.folder, file);
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new CommandFailure('usage', 'FILE_UNREADABLE', `${path} cannot be read (${why}).`, { cause });
  }
}

/** Asks at the terminal. */
export async function ask(cli: Cli, question: string): Promise<string> {
  const terminal = createInterface({ input: cli.stdin, output: cli.stderr });
  try {
    return (await terminal.question(question, { signal: cli.signal })).trim();
  } finally {
    terminal.close();
  }
}

/** Asks at the terminal without showing what is typed. @throws CommandFailure `interrupted` on Ctrl-C */
export async function askSecret(cli: Cli, question: string): Promise<string> {
  cli.stderr.write(question);
  cli.stdin.setRawMode?.(true);
  try {
    return await readTyped(cli.stdin);
  } finally {
    cli.stdin.setRawMode?.(false);
    cli.stdin.pause();
    cli.stderr.write('\n');
  }
}

const ENTER = new Set(['\r', '\n', '\u0004']);
const CTRL_C = '\u0003';
const BACKSPACE = new Set(['\b', '\u007f']);

function readTyped(stdin: NodeJS.ReadableStream): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let typed = '';
  const finish = (settle: () => void) => {
    stdin.off('data', onData);
    settle();
  };
  const onData = (chunk: Buffer | string) => {
    for (const letter of chunk.toString()) {
      if (letter === CTRL_C) {
        return finish(() => reject(new CommandFailure('interrupted', 'INTERRUPTED', 'Interrupted.')));
      }
      if (ENTER.has(letter)) return finish(() => resolve(typed.trim()));
      typed = BACKSPACE.has(letter) ? typed.slice(0, -1) : typed + letter;
    }
  };
  stdin.on('data', onData);
  return promise;
}
