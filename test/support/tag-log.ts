import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestRepository } from './git.ts';

/** A tag that was made, moved or deleted: the object that it named before, and names now. Undefined where it was not there. */
export interface TagUpdate {
  readonly name: string;
  readonly from: string | undefined;
  readonly to: string | undefined;
}

/**
 * Lets a repository write down whatever is done to its tags from now on, by a hook that git runs with the update itself: a
 * push whose sender was killed is written down too.
 *
 * @returns what reads the log, oldest first
 */
export async function keepTagLog({ path }: TestRepository): Promise<() => Promise<readonly TagUpdate[]>> {
  const log = join(path, 'tag-log');
  await writeFile(log, '');
  await mkdir(join(path, 'hooks'), { recursive: true });
  await writeFile(join(path, 'hooks', 'reference-transaction'), hookOf(log), { mode: 0o755 });
  return async () => (await readFile(log, 'utf8')).split('\n').slice(0, -1).map(parseLine);
}

/** See githooks(5): a line for each reference, once the transaction is `committed`. */
function hookOf(log: string): string {
  return `#!/bin/sh
[ "$1" = committed ] || exit 0
while read -r from to reference; do
  case $reference in refs/tags/*) echo "$from $to $reference" ;; esac
done >> '${log}'
`;
}

function parseLine(line: string): TagUpdate {
  const [from = '', to = '', reference = ''] = line.split(' ');
  return { name: reference.replace('refs/tags/', ''), from: idOf(from), to: idOf(to) };
}

function idOf(text: string): string | undefined {
  return /^0+$/.test(text) ? undefined : text;
}
