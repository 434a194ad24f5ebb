import { join } from 'node:path';
import { BuildFailure } from '../../domain/failure.ts';
import { quote } from '../../domain/refusal.ts';
import { PLACES } from '../bubblewrap-arguments.ts';
import type { SandboxCommand, SandboxLimits } from '../sandbox.ts';
import type { Engine } from './engine.ts';
import type { Image } from './ensure-image.ts';

/** A container of one command. */
export interface ContainerPlan {
  readonly name: string;
  /** Marks the containers of a server. */
  readonly owner: string;
  readonly image: Image;
  /** As the engine knows it; `none` for none. */
  readonly network: string;
  /** Files of the server by the path that they have inside. */
  readonly files: Readonly<Record<string, string>>;
  /** Paths inside of folders that may be read, which must seem empty. */
  readonly masked: readonly string[];
  /** An empty folder. */
  readonly nothing: string;
  /** How many files a process may have open, and how many processes a user, as far as this process may say. */
  readonly ceilings: { readonly openFiles: number; readonly userProcesses: number };
}

export const OWNER_LABEL = 'slipway.owner';

/** For what an image declares as a volume. */
const SMALL_BYTES = 16 * 1024 * 1024;
const SHM_BYTES = 64 * 1024 * 1024;

/** What the options of both engines leave open, and podman alone can be told. */
const PODMAN_ONLY = ['--read-only-tmpfs=false', '--http-proxy=false'];

/**
 * What an engine is told for a command. Neither the command nor its environment is in it: lists of processes show this
 * to everybody.
 *
 * @throws BuildFailure `no-sandbox` for a path that an engine cannot be told
 */
export function runArguments(engine: Engine, plan: ContainerPlan, command: SandboxCommand): readonly string[] {
  const { uid, gid } = engine.user;
  return [
    ...['run', '--rm', '--interactive', '--pull=never', '--log-driver=none', '--no-healthcheck'],
    ...[`--name=${plan.name}`, `--label=${OWNER_LABEL}=${plan.owner}`, '--hostname=sandbox'],
    ...['--read-only', '--cap-drop=ALL', '--security-opt=no-new-privileges', '--security-opt=label=disable'],
    ...[`--network=${plan.network}`, `--user=${uid}:${gid}`, ...userNamespace(engine)],
    ...(engine.kind === 'podman' ? PODMAN_ONLY : []),
    ...bounds(command.limits, plan.ceilings),
    ...mounts(engine, plan, command).map((mount) => `--mount=${mount}`),
    ...[`--workdir=${PLACES.workspace}`, '--entrypoint=sh', plan.image.id, '-s'],
  ];
}

/** So that a user inside is the user of that number outside, who may write the room. */
function userNamespace({ kind, isRootless }: Engine): readonly string[] {
  if (kind === 'docker') return ['--userns=host'];
  return isRootless ? ['--userns=keep-id'] : [];
}

function bounds(
  { processes, memoryBytes, fileBytes }: SandboxLimits,
  { openFiles, userProcesses }: ContainerPlan['ceilings'],
): readonly string[] {
  return [
    ...[`--pids-limit=${processes}`, `--memory=${memoryBytes}`, `--memory-swap=${memoryBytes}`],
    ...[`--shm-size=${SHM_BYTES}`, `--ulimit=fsize=${fileBytes}:${fileBytes}`, '--ulimit=core=0:0'],
    // Not given, podman as root takes numbers of its own, which a server with less may not give to anybody.
    ...[`--ulimit=nofile=${openFiles}:${openFiles}`, `--ulimit=nproc=${userProcesses}:${userProcesses}`],
  ];
}

function mounts(engine: Engine, plan: ContainerPlan, { room, readOnly, writable }: SandboxCommand): readonly string[] {
  const inRoom = [
    { source: join(room, 'workspace'), target: PLACES.workspace },
    { source: join(room, 'home'), target: PLACES.home },
    { source: join(room, 'tmp'), target: PLACES.tmp },
  ];
  const taken = new Set([...inRoom.map(({ target }) => target), ...Object.keys(plan.files)]);
  const volumes = plan.image.volumes.filter((path) => !taken.has(path));
  return [
    ...volumes.map((target) => smallFolder(engine, target)),
    ...inRoom.map(({ source, target }) => bind(source, target)),
    ...Object.entries(plan.files).map(([target, source]) => `${bind(source, target)},readonly`),
    ...readOnly.map((folder) => `${bind(folder, folder)},readonly`),
    ...plan.masked.map((target) => `${bind(plan.nothing, target)},readonly`),
    ...writable.map(({ folder, at }) => bind(folder, join(PLACES.workspace, at))),
  ];
}

function bind(source: string, target: string): string {
  return `type=bind,source=${plain(source)},target=${plain(target)}`;
}

function smallFolder({ kind }: Engine, target: string): string {
  // Podman alone would copy into it what the image has there, and may have no room for.
  const empty = kind === 'podman' ? ',notmpcopyup' : '';
  return `type=tmpfs,target=${plain(target)},tmpfs-size=${SMALL_BYTES}${empty}`;
}

/** Both engines read these as a line of a table. */
function plain(path: string): string {
  if (!/[,"\n\r\0]/.test(path)) return path;
  const message = `A container engine cannot be told of the path ${quote(path)}: use one without commas and quotation marks.`;
  throw new BuildFailure('no-sandbox', message);
}
