import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SandboxLimits } from './sandbox.ts';

const ROOT = '/sys/fs/cgroup';
const PREFIX = 'slipway-build-';

/** Control groups made for one command. */
export interface ControlGroups {
  /** Folders; a process that writes `0` into their `cgroup.procs` belongs to them. */
  readonly folders: readonly string[];
  readonly limited: ReadonlySet<'processes' | 'memory'>;
  /** Once every process in them has gone. */
  remove(): Promise<void>;
}

type Limits = Pick<SandboxLimits, 'processes' | 'memoryBytes'>;

interface Controller {
  readonly limit: 'processes' | 'memory';
  /** Where groups may be made, tried in this order. */
  readonly parents: readonly string[];
  readonly files: (limits: Limits) => Readonly<Record<string, number>>;
}

/** Makes control groups, as far as this process may: none at all is an answer. */
export async function makeControlGroups(name: string, limits: Limits): Promise<ControlGroups> {
  const folders = new Set<string>();
  const limited = new Set<Controller['limit']>();
  for (const controller of await findControllers()) {
    for (const parent of controller.parents) {
      const folder = join(parent, `${PREFIX}${name}`);
      if (!(await makeGroup(folder, controller.files(limits), folders.has(folder)))) continue;
      folders.add(folder);
      limited.add(controller.limit);
      break;
    }
  }
  return { folders: [...folders], limited, remove: () => removeGroups([...folders]) };
}

async function findControllers(): Promise<readonly Controller[]> {
  const text = await readFile('/proc/self/cgroup', 'utf8').catch(() => '');
  const own = new Map(text.split('\n').map((line) => [line.split(':')[1] ?? '', line.split(':').slice(2).join(':')]));
  const unified = own.get('');
  const isUnified = own.size <= 2;
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

/** Removes groups that servers which were killed have left behind; those that are in use stay. */
export async function sweepControlGroups(): Promise<void> {
  for (const parent of new Set((await findControllers()).flatMap(({ parents }) => parents))) {
    const names = await readdir(parent).catch(() => []);
    for (const name of names) if (name.startsWith(PREFIX)) await isRemoved(join(parent, name));
  }
}
