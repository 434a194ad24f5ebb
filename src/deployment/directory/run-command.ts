import { type ChildProcess, spawn } from 'node:child_process';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { ifThere } from '../../files/file-errors.ts';
import { forgetCommand, killGroup, noteCommand } from './running-command.ts';

export interface CommandRun {
  /** As the shell reads it. */
  readonly command: string;
  readonly folder: string;
  /** All that it has of an environment. */
  readonly variables: Readonly<Record<string, string>>;
  /** The file that its output goes to, in place of the one that is there. */
  readonly log: string;
  /** The file that says which command runs. */
  readonly note: string;
  readonly signal: AbortSignal;
}

export interface CommandOutcome {
  readonly code: number | undefined;
  /** The name of the signal that ended it. */
  readonly signal: string | undefined;
  /** The end of what it wrote. */
  readonly output: string;
}

const TAIL_BYTES = 4096;

/**
 * Waits to be told that it has been written down: where the server is killed before that, the end of its input ends it.
 */
const BEGIN_WHEN_TOLD = 'read -r told && exec /bin/sh -c "$1" </dev/null';

/**
 * Runs a command to its end. What it leaves running goes on, also when this server ends: its output is a file, and it has
 * a session of its own. Where it fails or the signal fires, it is killed with all that did not leave its process group.
 *
 * @throws the reason of the signal; Error where it cannot be started
 */
export async function runCommand(run: CommandRun): Promise<CommandOutcome> {
  run.signal.throwIfAborted();
  // A new file: what an earlier command left running may still write into the one before.
  await ifThere(unlink(run.log));
  const log = await open(run.log, 'ax+', 0o600);
  try {
    return { ...(await runToEnd(run, log)), output: await readTail(log) };
  } finally {
    await log.close();
  }
}

async function runToEnd(run: CommandRun, log: FileHandle): Promise<Omit<CommandOutcome, 'output'>> {
  const child = spawn('/bin/sh', ['-c', BEGIN_WHEN_TOLD, 'sh', run.command], {
    cwd: run.folder,
    env: { ...run.variables },
    stdio: ['pipe', log.fd, log.fd],
    detached: true,
  });
  const ended = untilEnded(child);
  // Awaited below; until then its failure must not count as unhandled.
  ended.catch(() => undefined);
  const kill = () => child.pid !== undefined && killGroup(child.pid);
  run.signal.addEventListener('abort', kill, { once: true });
  let isDone = false;
  try {
    if (child.pid !== undefined) await noteCommand(run.note, child.pid);
    if (run.signal.aborted) kill();
    child.stdin?.on('error', () => undefined).end('begin\n');
    const outcome = await ended;
    run.signal.throwIfAborted();
    isDone = outcome.code === 0;
    return outcome;
  } finally {
    run.signal.removeEventListener('abort', kill);
    if (!isDone) kill();
    await forgetCommand(run.note);
  }
}

function untilEnded(child: ChildProcess): Promise<Omit<CommandOutcome, 'output'>> {
  const { promise, resolve, reject } = Promise.withResolvers<Omit<CommandOutcome, 'output'>>();
  child.once('error', reject);
  child.once('exit', (code, signal) => resolve({ code: code ?? undefined, signal: signal ?? undefined }));
  return promise;
}

async function readTail(log: FileHandle): Promise<string> {
  const { size } = await log.stat();
  const buffer = Buffer.alloc(Math.min(size, TAIL_BYTES));
  const { bytesRead } = await log.read(buffer, 0, buffer.length, size - buffer.length);
  return buffer.subarray(0, bytesRead).toString();
}
