import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Cli } from '../cli/cli.ts';
import { runProgram } from '../cli/program.ts';
import { codeOf } from '../files/file-errors.ts';
import { assembleProgram } from './assemble-program.ts';
import { watchStopSignals } from './stop-signals.ts';

/**
 * The command `slipway`: puts the program together and runs it. `main` is the only folder that reads arguments,
 * environment and configuration, and wires what lives long; importing it has no effect.
 *
 * @returns the exit code
 */
export async function runSlipway(): Promise<number> {
  bearClosedOutput();
  const cli = readWorld();
  const program = assembleProgram(cli, await readVersion());
  return await runProgram(program, process.argv.slice(2), cli);
}

/** Whoever reads the output may have seen enough, as `head` has: what comes then goes nowhere, and is no bug. */
function bearClosedOutput(): void {
  process.stdout.on('error', (error) => {
    if (codeOf(error) !== 'EPIPE') throw error;
  });
}

function readWorld(): Cli {
  const configFolder = process.env.XDG_CONFIG_HOME || join(homedir(), '.config');
  return {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    variables: process.env,
    folder: process.cwd(),
    credentialsFile: join(configFolder, 'slipway', 'credentials.json'),
    now: Date.now,
    newId: randomUUID,
    signal: watchStopSignals(),
  };
}

/** The manifest is two folders up from the source and from what is compiled of it. */
async function readVersion(): Promise<string> {
  const manifest = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));
  return String(manifest.version);
}
