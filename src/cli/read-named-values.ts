import type { Cli } from './cli.ts';
import { CommandFailure } from './exit-codes.ts';
import { readSecret } from './read-secret.ts';

/** How an option may come more than once. */
export const collect = (text: string, earlier: readonly string[] = []): readonly string[] => [...earlier, text];

/**
 * Reads what an option was given: `name=value` each time. A value `@<file>` is what that file holds, and `@-` what
 * standard input does.
 *
 * @param example the option with a name and a value
 * @throws CommandFailure for what is not `name=value`, or names a file that cannot be read
 */
export async function readNamedValues(
  cli: Cli,
  example: string,
  given: readonly string[],
): Promise<readonly (readonly [name: string, value: string])[]> {
  const values: (readonly [string, string])[] = [];
  for (const text of given) {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
    if (name === undefined || value === undefined) {
      const option = example.split(' ')[0] ?? '';
      const message = `${option} ${name ?? text}: give a name and a value, as in ${example}.`;
      throw new CommandFailure('usage', 'INVALID_OPTION', message);
    }
    values.push([name, value.startsWith('@') ? await readSecret(cli, fileOf(value), `${name}: `) : value]);
  }
  return values;
}

/** @returns undefined for standard input */
const fileOf = (value: string): string | undefined => (value === '@-' ? undefined : value.slice(1));
