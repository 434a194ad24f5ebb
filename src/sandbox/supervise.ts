import type { ChildProcess } from 'node:child_process';
import type { SandboxCommand, SandboxOutcome } from './sandbox.ts';
import { watchDisk } from './watch-disk.ts';

export interface Supervised {
  readonly outcome: Extract<SandboxOutcome, { kind: 'over-limit' }> | undefined;
  /** Undefined where a signal ended it. */
  readonly code: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
}

/**
 * Passes on what a child writes and waits for its end, which comes early when the signal fires or a limit is met: then
 * it is killed.
 *
 * @param child started with a process group of its own
 * @param output what it writes
 * @param kill ends everything it has started; may be called at any time
 * @throws Error when it could not be started; what `onOutput` throws; the reason of the signal
 */
export async function supervise(
  child: ChildProcess,
  output: AsyncIterable<Uint8Array>,
  command: SandboxCommand,
  kill: () => void = () => killGroup(child),
): Promise<Supervised> {
  const { limits, signal } = command;
  const ending = new AbortController();
  let outcome: Supervised['outcome'];
  const end = (limit?: 'time' | 'disk') => {
    if (limit !== undefined) outcome ??= { kind: 'over-limit', limit };
    ending.abort();
    kill();
  };
  // What it has left behind may hold its output open.
  child.once('exit', kill);
  const onAbort = () => end();
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) end();
  const timer = setTimeout(() => end('time'), limits.timeMs);
  const folders = [command.room, ...command.writable.map(({ folder }) => folder)];
  const watched = watchDisk(folders, limits.diskBytes, () => end('disk'), ending.signal);
  try {
    const closed = untilClosed(child);
    // Awaited below; until then its failure must not count as unhandled.
    closed.catch(() => undefined);
    for await (const chunk of output) await command.onOutput(chunk);
    const ended = await closed;
    signal.throwIfAborted();
    return { outcome, ...ended };
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    end();
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
    await watched;
  }
}

function untilClosed(child: ChildProcess): Promise<Pick<Supervised, 'code' | 'signal'>> {
  const { promise, resolve, reject } = Promise.withResolvers<Pick<Supervised, 'code' | 'signal'>>();
  child.once('error', reject);
  child.once('exit', (code, signal) => resolve({ code: code ?? undefined, signal: signal ?? undefined }));
  return promise;
}

/** Ends the process group of a child. */
export function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The group has gone already.
  }
}
