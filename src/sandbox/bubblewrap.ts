import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { BuildFailure } from '../domain/failure.ts';
import { bubblewrapArguments, MADE_FILES, PLACES } from './bubblewrap-arguments.ts';
import { callFilter } from './call-filter.ts';
import { type ControlGroups, makeControlGroups } from './control-groups.ts';
import { imageRefusal } from './image-refusal.ts';
import { type NetworkPlan, planNetwork } from './network-plan.ts';
import { openPipe, startWriting } from './open-pipe.ts';
import type { Sandbox, SandboxCommand, SandboxLimits, SandboxOutcome } from './sandbox.ts';
import { GATE_FD, IN_NETWORK, serveNetwork } from './serve-network.ts';
import { supervise } from './supervise.ts';

export interface BubblewrapOptions {
  /** Where `bwrap`, `prlimit`, and what gives a network, are looked for: a PATH. */
  readonly path: string;
  /** Absolute paths that no command ever sees. */
  readonly hidden: readonly string[];
}

/** File descriptors of bubblewrap: what becomes of it, what it is told, and contents of files. */
const STATUS_FD = 3;
const ARGUMENTS_FD = 4;

/**
 * Joins the control groups before anything else runs, and makes one stream of the two. Nothing runs unbounded where a group
 * has gone meanwhile: another server on this machine may have swept it.
 */
const START = 'for group in $1; do echo 0 > "$group/cgroup.procs" || exit 1; done; shift; exec "$@" 2>&1';

/** Commands in bubblewrap: Linux namespaces of their own, with a network that leads past this host or with none. */
export function bubblewrapSandbox(options: BubblewrapOptions): Sandbox {
  return {
    name: 'bubblewrap',
    networkRefusal: undefined,
    imageRefusal: imageRefusal('bubblewrap'),
    hasOwnPrograms: false,
    placesIn: () => PLACES,
    run: (command) => run(options, command),
  };
}

async function run(options: BubblewrapOptions, command: SandboxCommand): Promise<SandboxOutcome> {
  command.signal.throwIfAborted();
  for (const name of ['workspace', 'home', 'tmp']) await mkdir(join(command.room, name), { recursive: true });
  const groups = await makeControlGroups(command.limits);
  try {
    return await runIn(groups, options, command);
  } finally {
    await groups.remove();
  }
}

async function runIn(
  groups: ControlGroups,
  options: BubblewrapOptions,
  command: SandboxCommand,
): Promise<SandboxOutcome> {
  if (process.getuid?.() === 0 && !groups.limited.has('processes')) throw unboundedRoot();
  // Programs for administrators are not on everybody's PATH.
  const path = `${options.path}:/usr/sbin:/sbin`;
  const plan = command.network ? await planNetwork(path) : undefined;
  const limited = await startIn(groups);
  const pipe = await openPipe(command.room, path);
  const surroundings = { limited, groups, plan, path, hidden: options.hidden, output: pipe.input };
  const child = await startWriting(pipe, () => start(surroundings, command));
  const network = plan && serveNetwork(child, { range: plan.range, limited, path });
  // It counts below, where the command has not begun.
  network?.catch(() => undefined);
  const status = readStatus(child);
  try {
    const { outcome, code } = await supervise(child, pipe.output, command);
    if (outcome !== undefined) return outcome;
    const { exitCode } = await status;
    if (exitCode !== undefined) return { kind: 'exited', code: exitCode };
    await network;
    throw notStarted(code);
  } finally {
    await Promise.allSettled([network]);
    await untilGone((await status).childPid);
  }
}

interface Surroundings {
  /** What starts a program in the control groups. */
  readonly limited: readonly [string, ...string[]];
  readonly groups: ControlGroups;
  readonly plan: NetworkPlan | undefined;
  readonly path: string;
  readonly hidden: readonly string[];
  /** File descriptor for what the command writes. */
  readonly output: number;
}

async function start(surroundings: Surroundings, command: SandboxCommand): Promise<ChildProcess> {
  const { limited, groups, plan, path, hidden, output } = surroundings;
  const files = { ...MADE_FILES, ...(plan && { '/etc/resolv.conf': plan.resolvConf }) };
  const firstFileFd = plan === undefined ? GATE_FD : GATE_FD + 1;
  const descriptors = new Map(Object.keys(files).map((name, at) => [name, firstFileFd + at]));
  const told = await bubblewrapArguments(command, hidden, descriptors);
  const [program, ...words] = limited;
  const network = plan === undefined ? [] : IN_NETWORK;
  const bounded = ['prlimit', ...resourceLimits(command.limits, groups), '--', ...command.argv];
  const filterFd = firstFileFd + descriptors.size;
  const ownFds = ['--json-status-fd', `${STATUS_FD}`, '--seccomp', `${filterFd}`];
  const bwrap = ['bwrap', '--args', `${ARGUMENTS_FD}`, ...ownFds, '--', ...bounded];
  const input = plan === undefined ? 'ignore' : 'pipe';
  const pipes = Array.from({ length: filterFd - STATUS_FD + 1 }, () => 'pipe' as const);
  const child = spawn(program, [...words, ...network, ...bwrap], {
    cwd: '/',
    // Nothing of the command's environment: it would reach what is outside of the sandbox.
    env: { PATH: path },
    stdio: [input, output, 'ignore', ...pipes],
    detached: true,
  });
  if (plan !== undefined) feed(child, 0, plan.filter);
  feed(child, ARGUMENTS_FD, told);
  feed(child, filterFd, callFilter());
  for (const [at, content] of Object.values(files).entries()) feed(child, firstFileFd + at, content);
  return child;
}

/** bubblewrap refuses to start with a right that the server's service was given, such as that to ports below 1024. */
async function startIn({ folders }: ControlGroups): Promise<readonly [string, ...string[]]> {
  const hasRights = /^CapAmb:\s*0*[1-9a-f]/m.test(await readFile('/proc/self/status', 'utf8'));
  const dropped = hasRights ? ['setpriv', '--ambient-caps', '-all', '--'] : [];
  return ['/bin/sh', '-c', START, 'sh', folders.join(' '), ...dropped];
}

/** Of each process. What control groups bound already is left to them. */
function resourceLimits(limits: SandboxLimits, { limited }: ControlGroups): readonly string[] {
  const { processes, fileBytes, memoryBytes } = limits;
  const memory = limited.has('memory') ? [] : [`--data=${memoryBytes}:${memoryBytes}`];
  return [`--nproc=${processes}:${processes}`, `--fsize=${fileBytes}:${fileBytes}`, '--core=0:0', ...memory];
}

/** Nothing that a process inside could write to is left open here. */
function feed(child: ChildProcess, descriptor: number, content: string | Uint8Array): void {
  const pipe = child.stdio[descriptor] as Writable | null | undefined;
  // Where bubblewrap ends before it has read everything, its exit code says so.
  pipe?.on('error', () => undefined);
  pipe?.end(content);
}

interface Status {
  /** The first process inside, as it is called outside. */
  readonly childPid: number | undefined;
  /** Undefined where the command was not started or did not end by itself. */
  readonly exitCode: number | undefined;
}

async function readStatus(child: ChildProcess): Promise<Status> {
  let text = '';
  try {
    for await (const chunk of child.stdio[STATUS_FD] as Readable) text += String(chunk);
  } catch {
    // It was killed.
  }
  const number = (name: string) => {
    const [, digits] = new RegExp(`"${name}":\\s*(\\d+)`).exec(text) ?? [];
    return digits === undefined ? undefined : Number(digits);
  };
  return { childPid: number('child-pid'), exitCode: number('exit-code') };
}

/** The kernel ends what is inside together with its first process, which is gone when all of them are. */
async function untilGone(pid: number | undefined): Promise<void> {
  if (pid === undefined) return;
  for (let attempt = 0; attempt < 400 && (await isAlive(pid)); attempt++) await sleep(5);
}

/** One that has ended is listed until its parent asks for it, which may be never. */
async function isAlive(pid: number): Promise<boolean> {
  const text = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  const state = text.slice(text.lastIndexOf(')') + 2, text.lastIndexOf(')') + 3);
  return state !== '' && state !== 'Z' && state !== 'X';
}

function notStarted(code: number | undefined): BuildFailure {
  const message = `The sandbox could not be set up (bubblewrap ended with ${code ?? 'a signal'}): the build log has what it said; 'slipway doctor' says what is missing.`;
  return new BuildFailure('no-sandbox', message);
}

function unboundedRoot(): BuildFailure {
  const message =
    'The sandbox cannot bound the number of processes, since Slipway runs as root and may not make control groups: run it as an ordinary user.';
  return new BuildFailure('no-sandbox', message);
}
