import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const COMMAND = fileURLToPath(new URL('../../bin/slipway.mjs', import.meta.url));

/** A server or a worker as a user runs it: a process of its own, that can be killed. */
export interface SlipwayProcess {
  readonly pid: number;
  /** What it said that it is ready with. */
  readonly ready: string;
  /** What it has printed so far, on both streams. */
  printed(): string;
  /** Sends a signal, such as SIGSTOP. */
  signal(signal: NodeJS.Signals): void;
  /** Sends a signal and waits for the end. @returns the exit code, or the signal's name */
  end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals | null>;
}

/** A folder, and the path under which a process has it for itself alone, as within a container. */
export interface Mount {
  readonly folder: string;
  /** A folder that is there. */
  readonly path: string;
}

export interface ProcessOptions {
  readonly mount?: Mount | undefined;
  /** What is started instead of this version of the program: a script of Node that takes the same arguments. */
  readonly program?: string | undefined;
}

/**
 * Starts `slipway` and waits until it is ready.
 *
 * @param ready matches what it prints then
 * @throws Error with what it printed, when it ends instead
 */
export async function startSlipwayProcess(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  ready: RegExp,
  { mount, program = COMMAND }: ProcessOptions = {},
): Promise<SlipwayProcess> {
  const { PATH, HOME, NODE_COMPILE_CACHE } = process.env;
  const words = [process.execPath, program, ...args];
  const [command = '', ...rest] = mount === undefined ? words : [...mounting(mount), ...words];
  const child = spawn(command, rest, {
    env: { PATH, HOME, NODE_COMPILE_CACHE, SLIPWAY_LOG_LEVEL: 'error', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) =>
    child.once('close', (code, signal) => resolve(code ?? signal)),
  );
  let output = '';
  const found = readUntil(child, ready, (chunk) => {
    output += chunk;
    return output;
  });
  const failed = ended.then((how) => Promise.reject(new Error(`slipway ended with ${String(how)}:\n${output}`)));
  return {
    ready: await Promise.race([found, failed]),
    pid: child.pid ?? 0,
    printed: () => output,
    signal: (signal) => void child.kill(signal),
    end(signal) {
      child.kill(signal);
      return ended;
    },
  };
}

/** What stands before a command that is to have a mount. Signals reach the command itself. */
function mounting({ folder, path }: Mount): readonly string[] {
  const script = 'mount --bind "$1" "$2" && shift 2 && exec "$@"';
  return ['unshare', '--user', '--map-root-user', '--mount', 'sh', '-ec', script, 'sh', folder, path];
}

function readUntil(child: ChildProcess, ready: RegExp, add: (chunk: string) => string): Promise<string> {
  return new Promise((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk: string) => {
        const said = ready.exec(add(chunk))?.[0];
        if (said !== undefined) resolve(said);
      });
    }
  });
}
