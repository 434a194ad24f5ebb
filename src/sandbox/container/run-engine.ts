import { spawn } from 'node:child_process';
import { killGroup } from '../supervise.ts';

/** A program that speaks podman's command line or docker's. */
export interface EngineProgram {
  readonly kind: 'podman' | 'docker';
  /** An absolute path. */
  readonly path: string;
  /** All it gets. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface EngineAnswer {
  /** Undefined where a signal ended it. */
  readonly code: number | undefined;
  /** Standard output. */
  readonly output: string;
  /** Standard error. */
  readonly complaint: string;
}

const MOST_TEXT = 1024 * 1024;

/**
 * Runs a command of an engine to its end.
 *
 * @param onOutput takes both streams as they come
 * @throws Error when it could not be started; what `onOutput` throws; the reason of the signal
 */
export async function runEngine(
  program: EngineProgram,
  argv: readonly string[],
  signal: AbortSignal,
  onOutput?: (chunk: Uint8Array) => void | Promise<void>,
): Promise<EngineAnswer> {
  signal.throwIfAborted();
  const child = spawn(program.path, argv, {
    cwd: '/',
    env: program.environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const { promise: ended, resolve, reject } = Promise.withResolvers<number | undefined>();
  child.once('error', reject);
  child.once('exit', (code) => resolve(code ?? undefined));
  const kill = () => killGroup(child);
  signal.addEventListener('abort', kill, { once: true });
  try {
    const texts = [readText(child.stdout, onOutput), readText(child.stderr, onOutput)] as const;
    const [code, output, complaint] = await Promise.all([ended, ...texts]);
    signal.throwIfAborted();
    return { code, output, complaint };
  } catch (error) {
    kill();
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', kill);
  }
}

/** Reads to the end, and keeps no more than a megabyte. */
export async function readText(
  stream: AsyncIterable<Uint8Array>,
  onOutput?: (chunk: Uint8Array) => void | Promise<void>,
): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    if (bytes < MOST_TEXT) chunks.push(chunk);
    bytes += chunk.length;
    await onOutput?.(chunk);
  }
  return Buffer.concat(chunks).toString().slice(0, MOST_TEXT);
}

/** What an engine said last, which is where it says why. */
export function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.trim() ?? '';
}
