import { randomUUID } from 'node:crypto';
import { access, constants, mkdir, readdir, readFile, rmdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SandboxLimits } from './sandbox.ts';

const ROOT = '/sys/fs/cgroup';
const PREFIX = 'slipway-build-';
const SERVER_GROUP = 'slipway-server';

/** Control groups made for one command. */
export interface ControlGroups {
  /** Folders; a process that writes `0` into their `cgroup.procs` belongs to them. */
  readonly folders: readonly string[];
  readonly limited: ReadonlySet<'processes' | 'memory'>;
  /** Once every process in them has gone. */
  remove(): Promise<void>;
}

type Limits = Pick<SandboxLimits, 'processes' | 'memoryBytes'>;

export interface Controller {
  readonly limit: 'processes' | 'memory';
  /** Where groups may be made, tried in this order. */
  readonly parents: readonly string[];
  readonly files: (limits: Limits) => Readonly<Record<string, number>>;
}

/** Makes control groups, as far as this process may: none at all is an answer. */
export async function makeControlGroups(limits: Limits): Promise<ControlGroups> {
  const name = `${PREFIX}${await nameProcess(process.pid)}-${randomUUID()}`;
  const folders = new Set<string>();
  const limited = new Set<Controller['limit']>();
  for (const controller of await findControllers()) {
    for (const parent of controller.parents) {
      const folder = join(parent, name);
      if (!(await makeGroup(folder, controller.files(limits), folders.has(folder)))) continue;
      folders.add(folder);
      limited.add(controller.limit);
      break;
    }
  }
  return { folders: [...folders], limited, remove: () => removeGroups([...folders]) };
}

async function findControllers(): Promise<readonly Controller[]> {
  return parseControllers(await readOwnGroups());
}

async function readOwnGroups(): Promise<string> {
  return await readFile('/proc/self/cgroup', 'utf8').catch(() => '');
}

/** @param text a line for each hierarchy: its number, its controllers, the group in it. Without controllers it is the unified one. */
export function parseControllers(text: string): readonly Controller[] {
  const lines = text.split('\n').filter((line) => line !== '');
  const own = new Map(lines.map((line) => [line.split(':')[1] ?? '', line.split(':').slice(2).join(':')]));
  const unified = own.get('');
  const isUnified = own.size === 1;
  // A group that has processes has no groups with limits in the unified hierarchy: the one beside it may.
  const parents = (controller: string) => {
    if (!isUnified || unified === undefined)
      return own.has(controller) ? [join(ROOT, controller, own.get(controller) ?? '')] : [];
    return [join(ROOT, unified), join(ROOT, dirname(unified))];
  };
  return [
    { limit: 'processes', parents: parents('pids'), files: ({ processes }) => ({ 'pids.max': processes }) },
    {
      limit: 'memory',
      parents: parents('memory'),
      files: ({ memoryBytes }) => ({ [isUnified ? 'memory.max' : 'memory.limit_in_bytes']: memoryBytes }),
    },
  ];
}

async function makeGroup(folder: string, files: Readonly<Record<string, number>>, isMade: boolean): Promise<boolean> {
  try {
    if (!isMade) await mkdir(folder);
    for (const [file, value] of Object.entries(files)) {
      // Without this flag a missing file would be made on a file system that is not what it should be.
      await writeFile(join(folder, file), String(value), { flag: 'r+' });
    }
    return true;
  } catch {
    if (!isMade) await rmdir(folder).catch(() => undefined);
    return false;
  }
}

/** A group stays busy for a moment after its last process. */
async function removeGroups(folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    for (let attempt = 0; attempt < 40 && !(await isRemoved(folder)); attempt++) await sleep(25);
  }
}

async function isRemoved(folder: string): Promise<boolean> {
  return await rmdir(folder).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code === 'ENOENT',
  );
}

/**
 * Makes room for groups where a service was given its own group of the unified hierarchy (systemd's `Delegate=`): the
 * kernel limits only groups beside which no process is, so that those of the server move down by one. May be called
 * again; does nothing elsewhere. What fails shows when groups are made.
 */
export async function prepareControlGroups(): Promise<void> {
  const [line, ...others] = (await readOwnGroups()).split('\n').filter((one) => one !== '');
  if (line === undefined || others.length > 0 || !line.startsWith('0::')) return;
  const own = join(ROOT, line.slice('0::'.length));
  if (!(await isGiven(own))) return;
  try {
    await mkdir(join(own, SERVER_GROUP), { recursive: true });
    const processes = (await readFile(join(own, 'cgroup.procs'), 'utf8')).split('\n').filter((pid) => pid !== '');
    for (const pid of processes) {
      // It may have ended.
      await writeFile(join(own, SERVER_GROUP, 'cgroup.procs'), pid, { flag: 'r+' }).catch(() => undefined);
    }
    await writeFile(join(own, 'cgroup.subtree_control'), '+pids +memory', { flag: 'r+' });
  } catch {
    // A process was started in it meanwhile, or the kernel has no such controllers.
  }
}

/** Given to this user, but not the group around it, which is where a user's own services can make theirs. */
async function isGiven(folder: string): Promise<boolean> {
  const owner = await stat(folder).catch(() => undefined);
  if (owner === undefined || owner.uid === 0 || owner.uid !== process.getuid?.()) return false;
  return await access(dirname(folder), constants.W_OK).then(
    () => false,
    () => true,
  );
}

/**
 * Removes groups that servers which were killed have left behind. Those of servers that run stay, also while nothing is
 * in them yet: their commands are about to enter.
 */
export async function sweepControlGroups(): Promise<void> {
  for (const parent of new Set((await findControllers()).flatMap(({ parents }) => parents))) {
    const names = await readdir(parent).catch(() => []);
    for (const name of names) if (await isLeftBehind(name)) await isRemoved(join(parent, name));
  }
}

async function isLeftBehind(name: string): Promise<boolean> {
  const [, owner, pid] = OWNER.exec(name) ?? [];
  return owner !== undefined && (await nameProcess(Number(pid))) !== owner;
}

const OWNER = new RegExp(`^${PREFIX}((\\d+)\\.\\d*)-`);

/** A process by its number and when it started: numbers are given out again. Source: proc_pid_stat(5). */
async function nameProcess(pid: number): Promise<string> {
  const text = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return `${pid}.${fields[STARTED] ?? ''}`;
}

/** Field 22, of those from the third on. */
const STARTED = 22 - 3;
