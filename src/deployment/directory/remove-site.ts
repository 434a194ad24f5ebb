import { readdir, rm, rmdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { codeOf, ifThere } from '../../files/file-errors.ts';
import { syncFolder } from '../../files/sync-folder.ts';
import { DeploymentFailure } from '../deployment-target.ts';
import { switchCurrent } from './current-link.ts';
import type { Places } from './places.ts';
import { listReleases, removeRelease } from './releases.ts';

/** Removes what was put into the folder of an environment, and nothing else. The mark goes last. */
export async function removeSite(places: Places, signal: AbortSignal): Promise<void> {
  await switchCurrent(places, undefined).catch((error: unknown) => {
    // A link of somebody else's.
    if (!(error instanceof DeploymentFailure)) throw error;
  });
  for (const id of await listReleases(places)) {
    signal.throwIfAborted();
    await removeRelease(places, id);
  }
  await removeEmpty(places.releases);
  for (const name of await readdir(places.own)) {
    if (name !== basename(places.mark)) await rm(join(places.own, name), { recursive: true, force: true });
  }
  await rm(places.own, { recursive: true, force: true });
  await syncFolder(places.folder);
}

async function removeEmpty(folder: string): Promise<void> {
  await ifThere(rmdir(folder)).catch((error: unknown) => {
    if (codeOf(error) !== 'ENOTEMPTY' && codeOf(error) !== 'EEXIST') throw error;
  });
}
