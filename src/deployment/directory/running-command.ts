import { readFile, unlink, writeFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { ifThere } from '../../files/file-errors.ts';

/** Fields of `/proc/<pid>/stat` that stand before the time of the start, counted from behind the name. */
const FIELDS_BEFORE_START = 19;
const POLL_MS = 10;
const MOST_POLLS = 100;

/**
 * Writes down which command runs, so that it is found when this server ends before it does.
 *
 * @param file in which that stands
 */
export async function noteCommand(file: string, pid: number): Promise<void> {
  await writeFile(file, `${pid} ${(await startTime(pid)) ?? '-'}`, { mode: 0o600 });
}

export async function forgetCommand(file: string): Promise<void> {
  await ifThere(unlink(file));
}

/** Kills the command that a server left running which was killed itself, with all that belongs to its group. */
export async function killLeftCommand(file: string): Promise<void> {
  const [, pid = '', start = ''] = /^(\d+) (\d+)$/.exec((await ifThere(readFile(file, 'utf8'))) ?? '') ?? [];
  // Its number may be another's by now, which began at another time.
  const isIt = async () => pid !== '' && (await startTime(Number(pid))) === start;
  for (let poll = 0; poll < MOST_POLLS && (await isIt()); poll++) {
    killGroup(Number(pid));
    await setTimeout(POLL_MS);
  }
  await forgetCommand(file);
}

export function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The group has gone already.
  }
}

/** When a process began, in the clock ticks of the kernel; undefined where there is none, or no Linux. */
async function startTime(pid: number): Promise<string | undefined> {
  const line = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  // The name before it may hold blanks and brackets.
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  const [state, start] = [fields[0], fields[FIELDS_BEFORE_START]];
  return state === 'Z' || start === undefined || start === '' ? undefined : start;
}
