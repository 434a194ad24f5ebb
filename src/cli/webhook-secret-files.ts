import { text } from 'node:stream/consumers';
import type { Cli } from './cli.ts';
import { CommandFailure } from './exit-codes.ts';
import { readNamedValues } from './read-named-values.ts';
import { readGivenFile, readSecret } from './read-secret.ts';

/** What a webhook signs with. @param file `-` for standard input */
export async function readWebhookSecret(cli: Cli, file: string): Promise<string> {
  return (await readSecret(cli, file === '-' ? undefined : file, 'Secret: ')).trim();
}

/**
 * The headers of a webhook.
 *
 * @param given `name=value` each, as `readNamedValues` takes it
 * @param file with a line `Name: value` for each, and without any for none; `-` for standard input
 * @returns undefined where none are given
 * @throws CommandFailure for a line that is none
 */
export async function readWebhookHeaders(
  cli: Cli,
  given: readonly string[],
  file: string | undefined,
): Promise<readonly { readonly key: string; readonly value: string }[] | undefined> {
  if (given.length === 0 && file === undefined) return undefined;
  const named = await readNamedValues(cli, '--header X-Team=tools', given);
  const lines = file === undefined ? [] : (await readLines(cli, file)).split(/\r?\n/);
  return [...named.map(([key, value]) => ({ key, value })), ...lines.flatMap(parseLine)];
}

const readLines = (cli: Cli, file: string) => (file === '-' ? text(cli.stdin) : readGivenFile(cli, file));

/** Blank lines say nothing. @throws CommandFailure that does not show the line, which may hold a secret */
function parseLine(line: string, index: number): { readonly key: string; readonly value: string }[] {
  if (line.trim() === '') return [];
  const [, key, value] = /^\s*([^\s:]+)\s*:\s*(.*?)\s*$/.exec(line) ?? [];
  if (key !== undefined && value !== undefined) return [{ key, value }];
  const message = `Line ${index + 1} of the headers is none: write 'Name: value' on each line.`;
  throw new CommandFailure('usage', 'INVALID_OPTION', message);
}
