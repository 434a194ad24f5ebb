import { type ChildProcess, spawn } from 'node:child_process';
import { killGroup } from '../supervise.ts';
import { type EngineProgram, runEngine } from './run-engine.ts';

const REMOVE_MS = 30_000;

/** An engine on a busy machine may miss the first time what is just being made, or be too slow. */
const MOST_TRIES = 3;

/** Ends whatever runs in containers and removes them. Never throws; those that are not there are fine. */
export async function removeContainers(program: EngineProgram, names: readonly string[]): Promise<void> {
  for (let tries = 0; tries < MOST_TRIES; tries++) if (await tryToRemove(program, names)) return;
}

/** @returns whether the engine says that they are gone */
async function tryToRemove(program: EngineProgram, names: readonly string[]): Promise<boolean> {
  const removing = runEngine(program, [...removal(program), ...names], AbortSignal.timeout(REMOVE_MS));
  return await removing.then(
    ({ code }) => code === 0,
    () => false,
  );
}

/** Without a time podman would ask first, and wait for ten seconds. */
function removal({ kind }: EngineProgram): readonly string[] {
  return ['rm', '--force', '--volumes', ...(kind === 'podman' ? ['--time=0'] : [])];
}

/**
 * Waits for the end of its standard input, which comes when the server is gone, however that came about; then ends the
 * client and removes the container. Twice: the first time it may be about to be made.
 */
const GUARD = 'read -r _; kill -KILL -- "-$1"; shift; "$@"; sleep 2; exec "$@"';

/**
 * Watches over a container, so that it does not outlive this process.
 *
 * @returns ends the watch
 */
export function guardContainer(program: EngineProgram, client: ChildProcess, name: string): () => void {
  const removing = [program.path, ...removal(program), name];
  const guard = spawn('/bin/sh', ['-c', GUARD, 'sh', String(client.pid), ...removing], {
    cwd: '/',
    env: program.environment,
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  // Without a guard the container is removed at the next start of the server.
  guard.on('error', () => undefined);
  guard.stdin.on('error', () => undefined);
  return () => killGroup(guard);
}
