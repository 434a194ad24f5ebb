import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Cli } from '../../src/cli/cli.ts';
import { addRemoteCommands, createProgram, runProgram } from '../../src/cli/program.ts';

export interface CommandLine {
  /** Runs `slipway` with these arguments in this process. */
  run(args: readonly string[], options?: RunOptions): Promise<Outcome>;
}

export interface RunOptions {
  readonly stdin?: string;
  readonly variables?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command line without a terminal, whose current folder and home is `folder`. */
export function openCommandLine(folder: string, variables: Readonly<Record<string, string>> = {}): CommandLine {
  return {
    async run(args, options = {}) {
      const stdout = new PassThrough();
      const stderr = new PassThrough();
      const cli: Cli = {
        stdin: Readable.from([options.stdin ?? '']),
        stdout,
        stderr,
        variables: { ...variables, ...options.variables },
        folder,
        credentialsFile: join(folder, 'config', 'credentials.json'),
        now: Date.now,
        newId: randomUUID,
        signal: options.signal ?? new AbortController().signal,
      };
      const program = createProgram(cli, '0.0.0-test');
      addRemoteCommands(program, cli);
      const printed = Promise.all([text(stdout), text(stderr)]);
      const code = await runProgram(program, args, cli);
      stdout.end();
      stderr.end();
      const [out, err] = await printed;
      return { code, stdout: out, stderr: err };
    },
  };
}
