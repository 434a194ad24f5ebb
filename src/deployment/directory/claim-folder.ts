import { chmod, link, mkdir, readFile, realpath, unlink, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf, ifThere } from '../../files/file-errors.ts';
import { syncFolder } from '../../files/sync-folder.ts';
import { DeploymentFailure } from '../deployment-target.ts';
import { isBelow } from './is-below.ts';
import { type Places, placesIn } from './places.ts';

export interface FolderOfEnvironment {
  readonly environmentId: string;
  /** As it was written. */
  readonly folder: string;
  /** The folders that environments may be deployed below. */
  readonly allowed: readonly string[];
}

/**
 * Makes the folder of an environment, unless it is there, and marks it as its own.
 *
 * @throws DeploymentFailure where it leads out of the allowed folders, or is another environment's
 */
export async function claimFolder({ environmentId, folder, allowed }: FolderOfEnvironment): Promise<Places> {
  // Before anything is made: a link on the way may lead elsewhere.
  const existing = await nearestExisting(folder);
  const roots = await realRoots(allowed);
  if (!roots.includes(existing)) {
    if (!roots.some((root) => isBelow(existing, root))) await checkRootIsThere(folder, allowed);
    checkLiesBelow(folder, existing, roots);
  }
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const real = await realpath(folder);
  checkLiesBelow(folder, real, roots);
  const places = placesIn(real);
  await checkFoldersAbove(real, roots);
  await mkdir(places.own, { recursive: true, mode: 0o700 });
  await mkdir(places.settings, { recursive: true, mode: 0o700 });
  // The server's own mask lets nobody in; whether others get as far as here is for the folder around it to say.
  if ((await mkdir(places.releases, { recursive: true })) !== undefined) await chmod(places.releases, 0o755);
  await writeMark(places, environmentId);
  return places;
}

/**
 * The folder of an environment that was claimed before.
 *
 * @returns undefined where that was never done, or the folder is gone
 * @throws DeploymentFailure where it leads out of the allowed folders
 */
export async function findFolder({ environmentId, folder, allowed }: FolderOfEnvironment): Promise<Places | undefined> {
  const real = await ifThere(realpath(folder));
  if (real === undefined) return undefined;
  const places = placesIn(real);
  if ((await readMark(places)) !== environmentId) return undefined;
  checkLiesBelow(folder, real, await realRoots(allowed));
  return places;
}

async function nearestExisting(folder: string): Promise<string> {
  return (await ifThere(realpath(folder))) ?? (await nearestExisting(dirname(folder)));
}

async function realRoots(allowed: readonly string[]): Promise<readonly string[]> {
  const roots = await Promise.all(allowed.map((root) => ifThere(realpath(root))));
  return roots.filter((root) => root !== undefined);
}

async function checkRootIsThere(folder: string, allowed: readonly string[]): Promise<void> {
  for (const root of allowed.filter((one) => isBelow(folder, one))) {
    if ((await ifThere(realpath(root))) !== undefined) continue;
    throw new DeploymentFailure(`'${root}' of SLIPWAY_DEPLOY_FOLDERS is not there: make that folder.`);
  }
}

function checkLiesBelow(folder: string, real: string, roots: readonly string[]): void {
  if (roots.some((root) => isBelow(real, root))) return;
  const where = real === folder ? '' : `, which is '${real}' really,`;
  const advice = 'set SLIPWAY_DEPLOY_FOLDERS to one above it, or choose another folder';
  throw new DeploymentFailure(`'${folder}'${where} lies below no folder of SLIPWAY_DEPLOY_FOLDERS: ${advice}.`);
}

async function checkFoldersAbove(real: string, roots: readonly string[]): Promise<void> {
  for (let above = dirname(real); roots.some((root) => isBelow(above, root)); above = dirname(above)) {
    if ((await readMark(placesIn(above))) === undefined) continue;
    throw new DeploymentFailure(`'${real}' lies in '${above}', the folder of another environment: choose another.`);
  }
}

async function readMark({ mark }: Places): Promise<string | undefined> {
  return (await ifThere(readFile(mark, 'utf8')))?.trim();
}

/** By a hard link, which never replaces a mark that is there: two may claim a folder at once. */
async function writeMark(places: Places, environmentId: string): Promise<void> {
  const marked = await readMark(places);
  if (marked === environmentId) return;
  const unfinished = `${places.mark}.${environmentId}`;
  await writeFile(unfinished, `${environmentId}\n`, { mode: 0o600, flush: true });
  try {
    await link(unfinished, places.mark);
  } catch (cause) {
    if (codeOf(cause) !== 'EEXIST') throw cause;
    const advice = `give each one a folder of its own, or delete '${places.own}' if that environment is gone`;
    throw new DeploymentFailure(`'${places.folder}' is the folder of another environment: ${advice}.`, { cause });
  } finally {
    await ifThere(unlink(unfinished));
  }
  await syncFolder(places.own);
  await syncFolder(places.folder);
}
