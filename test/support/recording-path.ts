import { mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { runTestSvn } from './svn.ts';

/** A PATH whose `svn` and `svnmucc` write down what they were started with. */
export async function recordingPath(folder: string, record: string, rest = process.env.PATH ?? ''): Promise<string> {
  const bin = join(folder, 'bin');
  await mkdir(bin);
  for (const program of ['svn', 'svnmucc']) {
    const real = (await runTestSvn('sh', ['-c', `command -v ${program}`])).trim();
    const script = `#!/bin/sh\n{ printf '%s\\n' "$@"; env; } >> '${record}'\nexec ${real} "$@"\n`;
    await writeFile(join(bin, program), script, { mode: 0o755 });
  }
  return [bin, rest].join(delimiter);
}
