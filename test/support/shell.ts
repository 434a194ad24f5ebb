import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const COMMAND = fileURLToPath(new URL('../../bin/slipway.mjs', import.meta.url));

export interface Shell {
  /** The first folder of its PATH. */
  readonly bin: string;
  readonly env: NodeJS.ProcessEnv;
  /** Runs a script until it ends or a command of it fails. @throws Error with what it printed when one fails */
  run(script: string): Promise<{ readonly stdout: string; readonly stderr: string }>;
}

/** A shell as a guide wants it: its current folder and its home are `folder`, and `slipway` is on its PATH. */
export async function openShell(
  folder: string,
  variables: Readonly<Record<string, string>> = {},
  bin = join(folder, 'bin'),
): Promise<Shell> {
  await mkdir(bin, { recursive: true });
  await writeFile(join(bin, 'slipway'), `#!/bin/sh\nexec '${process.execPath}' '${COMMAND}' "$@"\n`, { mode: 0o755 });
  const { PATH = '', NODE_COMPILE_CACHE } = process.env;
  const env = { PATH: `${bin}${delimiter}${PATH}`, NODE_COMPILE_CACHE, HOME: folder, ...variables };
  return { bin, env, run: (script) => promisify(execFile)('bash', ['-ec', script], { cwd: folder, env }) };
}
