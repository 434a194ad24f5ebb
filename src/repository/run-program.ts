import { type ChildProcess, spawn } from 'node:child_process';

export interface ProgramRun {
  /** Looked for in the PATH of {@link environment}. */
  readonly program: string;
  readonly args: readonly string[];
  readonly folder: string;
  /** All that the child has of an environment. */
  readonly environment: Readonly<Record<string, string>>;
  readonly input?: string | Uint8Array | undefined;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Takes standard output as it comes; then `stdout` of the outcome is empty. */
  readonly onOutput?: ((chunk: Buffer) => void) | undefined;
  /** Told the process id, which is also the id of its process group. */
  readonly onStart?: ((pid: number) => void) | undefined;
  /** Makes what is thrown when the program cannot be started. */
  readonly notStarted: (cause: Error) => Error;
}

export interface ProgramOutcome {
  /** The exit code; undefined when a signal ended it. */
  readonly code: number | undefined;
  readonly stdout: string;
  /** The end of standard error. */
  readonly stderr: string;
  readonly timedOut: boolean;
}

const STDERR_KEPT = 16_384;
const STDOUT_KEPT = 64 * 1024 * 1024;
/** Time for it to take its lock and temporary files away. */
const GRACE_MS = 1_000;

/**
 * Runs one command to its end. It gets a process group of its own: abort and time limit end the whole group, helpers
 * included, and the promise settles only when it is gone.
 *
 * @returns the outcome, whatever the exit code
 * @throws the reason of `signal` when it fires; what `notStarted` makes
 */
export async function runProgram(run: ProgramRun): Promise<ProgramOutcome> {
  run.signal.throwIfAborted();
  const child = spawn(run.program, [...run.args], {
    cwd: run.folder,
    env: { ...run.environment },
    stdio: [run.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    detached: true,
  });
  if (child.pid !== undefined) run.onStart?.(child.pid);
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(run.input);
  return await outcome(child, run);
}

function outcome(child: ChildProcess, run: ProgramRun): Promise<ProgramOutcome> {
  const { promise, resolve, reject } = Promise.withResolvers<ProgramOutcome>();
  const stdout = collect(child, run.onOutput, () => endGroup(child));
  let stderr = '';
  let timedOut = false;
  const onAbort = () => endGroup(child);
  const timer = setTimeout(() => {
    timedOut = true;
    endGroup(child);
  }, run.timeoutMs);
  const settle = () => {
    clearTimeout(timer);
    run.signal.removeEventListener('abort', onAbort);
  };
  run.signal.addEventListener('abort', onAbort, { once: true });
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString()).slice(-STDERR_KEPT);
  });
  child.on('error', (error) => {
    settle();
    reject(run.notStarted(error));
  });
  child.on('close', (code) => {
    settle();
    if (run.signal.aborted) reject(run.signal.reason);
    else resolve({ code: code ?? undefined, stdout: stdout(), stderr, timedOut });
  });
  return promise;
}

/** Gathers standard output, or passes it on. @returns a function that gives what was gathered */
function collect(child: ChildProcess, onOutput: ProgramRun['onOutput'], onFlood: () => void): () => string {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  child.stdout?.on('data', (chunk: Buffer) => {
    if (onOutput !== undefined) return oneAtATime(child, () => onOutput(chunk));
    sizeBytes += chunk.length;
    if (sizeBytes > STDOUT_KEPT) onFlood();
    else chunks.push(chunk);
  });
  return () => Buffer.concat(chunks).toString();
}

/** Handles a chunk and lets others have a turn: libuv would hand over two megabytes of them in one go. */
function oneAtATime(child: ChildProcess, handle: () => void): void {
  child.stdout?.pause();
  handle();
  setImmediate(() => child.stdout?.resume());
}

/** Asks the group to end, and ends it for good when the leader has gone or the grace is over. */
function endGroup(child: ChildProcess): void {
  signalGroup(child, 'SIGTERM');
  const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), GRACE_MS);
  child.once('exit', () => {
    clearTimeout(timer);
    signalGroup(child, 'SIGKILL');
  });
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group has gone already.
  }
}
