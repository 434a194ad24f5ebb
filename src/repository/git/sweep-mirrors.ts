import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cleanMirrorFolder } from './mirror-folder.ts';

/**
 * Puts a folder of mirrors in order after a server that was killed: ends its commands, and deletes what was half
 * done. To be called before anything in the folder is in use.
 *
 * @param marks variables, one of which every command of this folder, and of no other, is started with: `<name>=<value>`
 */
export async function sweepMirrors(folder: string, marks: readonly string[]): Promise<void> {
  // First: they would write while we delete.
  await endOrphans(marks);
  for (const appKey of await listFolders(folder)) await sweepApp(join(folder, appKey));
}

async function sweepApp(appFolder: string): Promise<void> {
  for (const parent of [appFolder, join(appFolder, 'modules')]) {
    for (const name of await listFolders(parent)) {
      const path = join(parent, name);
      if (/\.(?:new|removed)-/.test(name)) await rm(path, { recursive: true, force: true });
      else if (name.endsWith('.git')) await cleanMirrorFolder(path);
    }
  }
}

/** The names of the folders in a folder. */
export async function listFolders(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

/** Linux alone tells what a process was started with; elsewhere they end by themselves. */
async function endOrphans(marks: readonly string[]): Promise<void> {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name)).map(Number);
  for (const pid of pids) {
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    if (environment.split('\0').some((variable) => marks.includes(variable))) endProcess(pid);
  }
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}
