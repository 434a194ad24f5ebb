import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, symlink } from 'node:fs/promises';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { BuildFailure } from '../domain/failure.ts';
import { imageRefusal } from './image-refusal.ts';
import { openPipe, startWriting } from './open-pipe.ts';
import type { RoomPlaces, Sandbox, SandboxCommand, SandboxLimits, SandboxOutcome } from './sandbox.ts';
import { killGroup, supervise } from './supervise.ts';

/** Marks every process of a command, so that those which left its process group are found. */
const MARK = 'SLIPWAY_COMMAND_ID';

/**
 * Commands as the user that Slipway runs as: they may read and write whatever that user may. For an operator who has
 * said so by name. Limits hold for each process and not for all together.
 */
export function noSandbox(): Sandbox {
  return {
    name: 'none',
    networkRefusal: undefined,
    imageRefusal: imageRefusal('none'),
    hasOwnPrograms: false,
    placesIn,
    run,
  };
}

function placesIn(room: string): RoomPlaces {
  return { workspace: join(room, 'workspace'), home: join(room, 'home'), tmp: join(room, 'tmp') };
}

async function run(command: SandboxCommand): Promise<SandboxOutcome> {
  command.signal.throwIfAborted();
  const places = placesIn(command.room);
  for (const folder of Object.values(places)) await mkdir(folder, { recursive: true });
  for (const { folder, at } of command.writable) {
    await mkdir(dirname(join(places.workspace, at)), { recursive: true });
    await symlink(folder, join(places.workspace, at));
  }
  const mark = randomUUID();
  const start = ['prlimit', ...resourceLimits(command.limits), '--'];
  const variables = Object.entries({ ...command.environment, [MARK]: mark });
  const pipe = await openPipe(command.room, command.environment.PATH ?? '/usr/bin:/bin');
  const child = await startWriting(pipe, () =>
    spawn('/bin/sh', ['-c', 'exec "$@" 2>&1', 'sh', ...start, ...command.argv], {
      cwd: places.workspace,
      env: Object.fromEntries(variables),
      stdio: ['ignore', pipe.input, 'ignore'],
      detached: true,
    }),
  );
  try {
    const { outcome, code, signal } = await supervise(child, pipe.output, command, () => {
      killGroup(child);
      void killMarked(mark);
    });
    return outcome ?? { kind: 'exited', code: code ?? 128 + (constants.signals[signal ?? 'SIGKILL'] ?? 0) };
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    throw new BuildFailure('no-sandbox', `The command '${command.argv[0]}' could not be started.`, { cause: error });
  } finally {
    await killMarked(mark);
  }
}

function resourceLimits({ fileBytes, memoryBytes }: SandboxLimits): readonly string[] {
  return [`--fsize=${fileBytes}:${fileBytes}`, '--core=0:0', `--data=${memoryBytes}:${memoryBytes}`];
}

/** Until none is found, since one that is killed may have started another; but not for ever. */
async function killMarked(mark: string): Promise<void> {
  const text = `${MARK}=${mark}`;
  let found = true;
  for (let round = 0; round < 50 && found; round++) {
    found = false;
    for (const name of await readdir('/proc').catch(() => [])) {
      if (!/^\d+$/.test(name)) continue;
      const environment = await readFile(`/proc/${name}/environ`, 'latin1').catch(() => '');
      if (!environment.split('\0').includes(text)) continue;
      found = true;
      kill(Number(name));
    }
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}
