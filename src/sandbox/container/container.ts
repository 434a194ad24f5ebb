import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { BuildFailure } from '../../domain/failure.ts';
import { PLACES } from '../bubblewrap-arguments.ts';
import type { Sandbox, SandboxCommand, SandboxOutcome } from '../sandbox.ts';
import { supervise } from '../supervise.ts';
import { afterMark } from './after-mark.ts';
import type { Engine } from './engine.ts';
import { ensureImage, type Image, type PullPolicy } from './ensure-image.ts';
import { makeFiles, makeNothing, maskedUnder, readCeilings } from './inside.ts';
import { ownRoom } from './own-room.ts';
import { guardContainer, removeContainers } from './remove-container.ts';
import { runArguments } from './run-arguments.ts';
import { lastLine, readText } from './run-engine.ts';
import { startScript } from './start-script.ts';

export interface ContainerOptions {
  /** For commands that name none. */
  readonly image: string | undefined;
  /** A network of the engine, filtered by whoever has named it, for commands that want one. */
  readonly network: string | undefined;
  readonly pull: PullPolicy;
  /** Marks containers, so that those which a killed server has left are found. */
  readonly owner: string;
  /** Absolute paths that no command ever sees. */
  readonly hidden: readonly string[];
}

/** Commands in containers of podman or docker, each in one of its own that is removed afterwards. */
export function containerSandbox(engine: Engine, options: ContainerOptions): Sandbox {
  return {
    name: 'container',
    networkRefusal: options.network === undefined ? NO_NETWORK : undefined,
    imageRefusal: undefined,
    hasOwnPrograms: true,
    placesIn: () => PLACES,
    run: (command) => run(engine, options, command),
  };
}

const NO_NETWORK =
  "This server has no network for builds: take 'network: true' out of slipway.yml, or name a filtered network of the engine in SLIPWAY_SANDBOX_NETWORK.";

async function run(engine: Engine, options: ContainerOptions, command: SandboxCommand): Promise<SandboxOutcome> {
  const { signal, limits, onOutput } = command;
  signal.throwIfAborted();
  const name = command.image ?? options.image;
  if (name === undefined) throw noImage();
  const since = performance.now();
  const late = AbortSignal.timeout(Math.ceil(limits.timeMs));
  try {
    const image = await ensureImage(engine, name, options.pull, { onOutput, signal: AbortSignal.any([signal, late]) });
    const timeMs = Math.max(1, limits.timeMs - (performance.now() - since));
    return await runIn(image, engine, options, { ...command, limits: { ...limits, timeMs } });
  } catch (error) {
    signal.throwIfAborted();
    if (late.aborted && error === late.reason) return { kind: 'over-limit', limit: 'time' };
    throw error;
  }
}

async function runIn(
  image: Image,
  engine: Engine,
  options: ContainerOptions,
  command: SandboxCommand,
): Promise<SandboxOutcome> {
  const name = `slipway-${randomUUID()}`;
  await prepareRoom(engine, command);
  const inside = join(command.room, 'inside');
  const argv = runArguments(
    engine,
    {
      name,
      owner: options.owner,
      image,
      network: command.network ? (options.network ?? 'none') : 'none',
      files: await makeFiles(inside, engine.user),
      masked: await maskedUnder(command.readOnly, options.hidden),
      nothing: await makeNothing(inside),
      ceilings: await readCeilings(),
    },
    command,
  );
  const client = spawn(engine.path, argv, {
    cwd: '/',
    env: engine.environment,
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  const dismissGuard = guardContainer(engine, client, name);
  let isRemoved = false;
  try {
    const outcome = await talk(client, command);
    isRemoved = outcome.kind === 'exited';
    return outcome;
  } finally {
    // The client is gone by now; what it has started is not, unless it ended by itself.
    if (!isRemoved) await removeContainers(engine, [name]);
    dismissGuard();
  }
}

async function prepareRoom(engine: Engine, { room, writable }: SandboxCommand): Promise<void> {
  const folders = ['workspace', 'home', 'tmp'].map((name) => join(room, name));
  for (const folder of folders) await mkdir(folder, { recursive: true });
  // An engine would make them as root.
  for (const { at } of writable) await mkdir(join(room, 'workspace', at), { recursive: true });
  await ownRoom([...folders, ...writable.map(({ folder }) => folder)], engine.user);
}

async function talk(
  client: ChildProcessByStdio<Writable, Readable, Readable>,
  command: SandboxCommand,
): Promise<SandboxOutcome> {
  const mark = randomUUID();
  let hasStarted = false;
  // Where it ends before it has read everything, its exit code says so.
  client.stdin.on('error', () => undefined);
  client.stdin.end(startScript(command.argv, command.environment, mark));
  const complaint = readText(client.stderr).catch(() => '');
  const output = afterMark(client.stdout, mark, () => {
    hasStarted = true;
  });
  const { outcome, code } = await supervise(client, output, command).catch((error: unknown) => {
    if (error instanceof Error && 'syscall' in error) throw notStarted(undefined, error.message);
    throw error;
  });
  if (outcome !== undefined) return outcome;
  if (hasStarted) return { kind: 'exited', code: code ?? 137 };
  const said = await complaint;
  await command.onOutput(Buffer.from(said));
  throw notStarted(code, lastLine(said));
}

function noImage(): BuildFailure {
  const message =
    "There is no image to run commands in: name one with 'image' in slipway.yml, or for all builds in SLIPWAY_SANDBOX_IMAGE.";
  return new BuildFailure('build-file', message);
}

function notStarted(code: number | undefined, said: string): BuildFailure {
  const what = said === '' ? '' : `: ${said.replace(/\.$/, '')}`;
  const message = `The container could not be started (the engine ended with ${code ?? 'no exit code'}${what}): the image needs a shell, and 'slipway doctor' says whether the engine works.`;
  return new BuildFailure('no-sandbox', message);
}
