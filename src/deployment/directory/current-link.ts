import { readlink, rename, symlink, unlink } from 'node:fs/promises';
import { codeOf, ifThere } from '../../files/file-errors.ts';
import { syncFolder } from '../../files/sync-folder.ts';
import { DeploymentFailure } from '../deployment-target.ts';
import type { Places } from './places.ts';

const RELEASE = /^releases\/([0-9a-f-]{36})$/;

/**
 * Which release the link leads to.
 *
 * @throws DeploymentFailure where something else has its name
 */
export async function readCurrent({ current }: Places): Promise<string | undefined> {
  const target = await ifThere(readlink(current)).catch((error: unknown) => {
    if (codeOf(error) === 'EINVAL') return '';
    throw error;
  });
  if (target === undefined) return undefined;
  const id = RELEASE.exec(target)?.[1];
  if (id !== undefined) return id;
  throw new DeploymentFailure(`'${current}' is not the link that leads to a release: move it away.`);
}

/** Makes the link lead to a release, or takes it away. Whoever follows it finds the one or the other, never nothing. */
export async function switchCurrent(places: Places, id: string | undefined): Promise<void> {
  const { current, folder } = places;
  if ((await readCurrent(places)) === id) return;
  const next = `${current}.next`;
  await ifThere(unlink(next));
  if (id === undefined) {
    await ifThere(unlink(current));
  } else {
    await symlink(`releases/${id}`, next);
    await rename(next, current);
  }
  await syncFolder(folder);
}
