import { randomUUID } from 'node:crypto';
import { lstat, mkdir, mkdtemp, rename } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { removeTree } from '../../files/remove-tree.ts';
import { untilAborted } from '../../repository/until-aborted.ts';
import type { RoomPlaces, Sandbox, SandboxLimits } from '../../sandbox/sandbox.ts';
import type { LogOutput } from '../log-output.ts';
import { markedOutput } from './marked-output.ts';
import { type MxbuildProgram, mxbuildCommand, mxbuildEnvironment } from './mxbuild-command.ts';
import { connectToRelay, postToService } from './post-to-service.ts';
import { PACKAGE_FILE } from './run-once.ts';
import { ServiceFault } from './service-fault.ts';

/** What a warm MxBuild is started with. */
export interface WarmMxbuildOptions {
  readonly sandbox: Sandbox;
  /** Its time is without a limit. */
  readonly limits: SandboxLimits;
  /** An existing folder for its room, on the same disk as workspaces. */
  readonly temporaryFolder: string;
  /** The program that runs the relay: a Node.js. */
  readonly node: string;
}

/**
 * An MxBuild in service mode, in a sandbox and a room of its own.
 *
 * Commands of builds may go on in there when a build has ended: from outside, nothing is ever written into a folder that
 * is seen inside, nor removed from one. A project is written elsewhere and moved in as a whole; what is to go is removed
 * by the relay, inside.
 */
export interface WarmMxbuild {
  /** Where it finds the project that was put there. */
  readonly projectFolder: string;
  /** Where it is to write the package, as it sees it, and where that is outside. */
  readonly packageFile: { readonly inside: string; readonly outside: string };
  readonly hasEnded: boolean;
  /** Resolves when it has ended and its room is gone, for whatever reason. */
  readonly ended: Promise<void>;
  /** Whom its output goes to from now on; undefined for nobody. */
  output: LogOutput | undefined;
  /** Moves a folder to where the project is. @throws ServiceFault when something is in the way */
  putProject(folder: string): Promise<void>;
  /** @throws ServiceFault when it gives no answer; the reason of the signal */
  post(body: object, signal: AbortSignal): Promise<{ readonly statusCode: number; readonly text: string }>;
  /**
   * Removes the project and the package. All that MxBuild wrote before has been put out then.
   *
   * @throws ServiceFault when that does not come to an end; the reason of the signal
   */
  clear(signal: AbortSignal): Promise<void>;
  /** Ends it with everything it has started, and resolves like `ended`. May be called at any time. */
  end(): Promise<void>;
}

/** Compiled or not, as this file is. */
const RELAY_FILE = fileURLToPath(new URL(`service-relay${extname(import.meta.url)}`, import.meta.url));
const PROJECT = 'project';
const NO_TIME_LIMIT_MS = 2 ** 31 - 1;
const PROBE_EVERY_MS = 100;

/**
 * Starts one and waits until it is ready: until it answers anything at all (the way of mxcli).
 *
 * @param signal bounds the start, not what is started
 * @throws ServiceFault when it ends instead; the reason of the signal, when it has ended again
 */
export async function startWarmMxbuild(
  options: WarmMxbuildOptions,
  program: MxbuildProgram,
  output: LogOutput,
  signal: AbortSignal,
): Promise<WarmMxbuild> {
  const room = await mkdtemp(join(options.temporaryFolder, 'room-'));
  const warm = runIn(room, options, program, output);
  try {
    await warm.untilMark(signal);
    await untilReady(warm, signal);
    return warm;
  } catch (error) {
    await warm.end();
    throw error;
  }
}

function runIn(room: string, options: WarmMxbuildOptions, program: MxbuildProgram, firstOutput: LogOutput) {
  const { sandbox } = options;
  const places = sandbox.placesIn(room);
  // Text does not begin with it, so hardly anything is held back that only looks like one.
  const mark = `\x02${randomUUID()}`;
  const ending = new AbortController();
  const sockets = join(room, 'tmp');
  let output: LogOutput | undefined = firstOutput;
  let hasEnded = false;
  let marked = Promise.withResolvers<void>();
  const marks = markedOutput(
    Buffer.from(mark),
    async (bytes) => await output?.write(bytes),
    () => marked.resolve(),
  );
  let why = 'it has ended';
  // What cannot be removed now is when the server starts the next time.
  const ended = run()
    .catch(() => undefined)
    .then(() => removeTree(room))
    .catch(() => undefined);

  async function run(): Promise<void> {
    try {
      await makeRoom(room);
      const outcome = await sandbox.run({
        argv: relayCommand(options, program, places, mark),
        room,
        environment: mxbuildEnvironment(program, places),
        network: false,
        readOnly: [program.toolchain, program.javaHome, options.node, RELAY_FILE],
        writable: [],
        limits: { ...options.limits, timeMs: NO_TIME_LIMIT_MS },
        onOutput: marks.write,
        signal: ending.signal,
      });
      why =
        outcome.kind === 'exited'
          ? `it ended with exit code ${outcome.code}`
          : `it took more ${outcome.limit} than it may`;
    } finally {
      hasEnded = true;
    }
  }

  /** Waits for the next mark: one that came before does not count. */
  async function untilMark(signal: AbortSignal): Promise<void> {
    marked = Promise.withResolvers();
    const goneToo = untilEnded();
    goneToo.catch(() => undefined);
    await untilAborted(Promise.race([marked.promise, goneToo]), signal);
  }

  async function untilEnded(): Promise<never> {
    await ended;
    throw new ServiceFault(why);
  }

  return {
    projectFolder: join(places.workspace, PROJECT),
    packageFile: { inside: join(places.tmp, PACKAGE_FILE), outside: join(room, 'tmp', PACKAGE_FILE) },
    get hasEnded() {
      return hasEnded;
    },
    ended,
    get output() {
      return output;
    },
    set output(next: LogOutput | undefined) {
      output = next;
    },
    untilMark,
    untilEnded,
    putProject: (folder: string) => moveInto(folder, join(room, 'workspace', PROJECT)),
    post: (body: object, signal: AbortSignal) => postToService(join(sockets, 'mxbuild.sock'), '/build', body, signal),
    async clear(signal: AbortSignal) {
      const cleared = untilMark(signal);
      cleared.catch(() => undefined);
      (await connectToRelay(join(sockets, 'clear.sock'), signal)).destroy();
      await cleared;
      if (await isThere(join(room, 'workspace', PROJECT))) throw new ServiceFault('its workspace cannot be cleared');
    },
    end() {
      ending.abort();
      return ended;
    },
  };
}

/** Made here: what a sandbox makes itself may be there too late for a project. */
async function makeRoom(room: string): Promise<void> {
  for (const name of ['workspace', 'home', 'tmp']) await mkdir(join(room, name));
}

function relayCommand(
  { node }: WarmMxbuildOptions,
  program: MxbuildProgram,
  { workspace, tmp }: RoomPlaces,
  mark: string,
): readonly [string, ...string[]] {
  const own = [tmp, workspace, join(tmp, PACKAGE_FILE), mark];
  return [node, '--no-warnings', RELAY_FILE, ...own, ...mxbuildCommand(program)];
}

/** Neither end of a move follows a link. */
async function moveInto(folder: string, place: string): Promise<void> {
  try {
    await rename(folder, place);
  } catch (error) {
    throw new ServiceFault('something is where the project was to go', { cause: error });
  }
}

async function isThere(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    () => false,
  );
}

async function untilReady(warm: ReturnType<typeof runIn>, signal: AbortSignal): Promise<void> {
  while (!warm.hasEnded) {
    try {
      await warm.post({}, signal);
      return;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof ServiceFault)) throw error;
      await pause(PROBE_EVERY_MS, signal);
    }
  }
  await warm.untilEnded();
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await untilAborted(promise, signal).finally(() => clearTimeout(timer));
}
