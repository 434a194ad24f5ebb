import { access, constants } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { describeDocker, describePodman, describePodmanOfRoot, type EngineFacts } from './engine-facts.ts';
import { type EngineAnswer, type EngineProgram, lastLine, runEngine } from './run-engine.ts';

/** An engine that answers, and can hold commands to their limits. */
export interface Engine extends EngineProgram {
  readonly version: string;
  /** Whether it runs as an ordinary user. */
  readonly isRootless: boolean;
  /** Whom commands run as, in numbers of the container. */
  readonly user: UserIds;
}

export interface UserIds {
  readonly uid: number;
  readonly gid: number;
}

export interface EngineOptions {
  /** A name, looked for on the path, or an absolute path; undefined for podman, else docker. */
  readonly program: string | undefined;
  /** A PATH. */
  readonly path: string;
  /** What the engine gets. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Without rights of its own on any file of a host: in a range that neither Debian nor systemd give to anybody. */
const BUILD_USER: UserIds = { uid: 61_000, gid: 61_000 };
/** Podman behind Docker's client is too old by this: with `--rm` it answers 0 for every exit code. */
const OLDEST = { podman: 4, docker: 20 } as const;
const ASK_MS = 30_000;

const DOCKER = { ask: ['info', '--format={{json .}}'], read: describeDocker } as const;
const PODMAN = { ask: ['info', '--format=json'], read: describePodman } as const;
/** Which may make every control group; the whole information takes a second. */
const PODMAN_OF_ROOT = { ask: ['version', '--format=json'], read: describePodmanOfRoot } as const;

/** Finds the program, and does not ask it anything but its name. */
export async function findEngineProgram({
  program,
  path,
  environment,
}: EngineOptions): Promise<EngineProgram | string> {
  const names = program === undefined ? ['podman', 'docker'] : [program];
  for (const name of names) {
    const found = await findOnPath(name, path);
    if (found === undefined) continue;
    const engine: EngineProgram = { kind: 'podman', path: found, environment };
    // The command `docker` is podman on some systems.
    const { output } = await askEngine(engine, ['--version']);
    return { ...engine, kind: /podman/i.test(output) ? 'podman' : 'docker' };
  }
  return missingEngine(names);
}

/** @returns why not, where there is none that can be used: one sentence that says what to do */
export async function openEngine(options: EngineOptions): Promise<Engine | string> {
  const program = await findEngineProgram(options);
  if (typeof program === 'string') return program;
  const { ask, read } = program.kind === 'docker' ? DOCKER : process.getuid?.() === 0 ? PODMAN_OF_ROOT : PODMAN;
  const { code, output, complaint } = await askEngine(program, ask);
  const facts = code === 0 ? read(output) : undefined;
  if (facts === undefined) {
    const why = lastLine(complaint).replace(/\.$/, '') || `'${ask[0]}' ended with ${code ?? 'a signal'}`;
    return `The container engine ${program.path} does not answer: ${why}.`;
  }
  const refusal = refuse(program, facts);
  if (refusal !== undefined) return refusal;
  const { version, isRootless } = facts;
  return { ...program, version, isRootless, user: userOf(program, isRootless) };
}

/** One that cannot be started, or is silent, has only a complaint. */
async function askEngine(program: EngineProgram, argv: readonly string[]): Promise<EngineAnswer> {
  try {
    return await runEngine(program, argv, AbortSignal.timeout(ASK_MS));
  } catch (error) {
    return { code: undefined, output: '', complaint: error instanceof Error ? error.message : String(error) };
  }
}

function refuse({ kind, path }: EngineProgram, { version, hasLimits }: EngineFacts): string | undefined {
  if (Number.parseInt(version, 10) < OLDEST[kind]) {
    return `The container engine ${path} is version ${version}, and ${kind} is needed from ${OLDEST[kind]} on.`;
  }
  if (hasLimits) return undefined;
  return `The container engine ${path} cannot bound memory and processes for this user: give it the control groups 'memory' and 'pids' (cgroup version 2, delegated), or use one that runs as root.`;
}

/** What a build makes has to be the server's, so that it can read and remove it. */
function userOf({ kind }: EngineProgram, isRootless: boolean): UserIds {
  const own = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  // Docker without root maps the server's user to the container's root, and podman is asked to keep it as it is.
  if (isRootless && kind === 'docker') return { uid: 0, gid: 0 };
  return own.uid === 0 && !isRootless ? BUILD_USER : own;
}

function missingEngine(names: readonly string[]): string {
  const found = names.length > 1 ? "neither 'podman' nor 'docker' is found" : `'${names[0]}' is not found`;
  return `Commands of a build need a container engine, and ${found} on this server: install one ('apt-get install podman').`;
}

async function findOnPath(name: string, path: string): Promise<string | undefined> {
  const folders = isAbsolute(name) ? [''] : path.split(':').filter((part) => isAbsolute(part));
  for (const folder of folders) {
    const file = join(folder, name);
    const isThere = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return file;
  }
  return undefined;
}
