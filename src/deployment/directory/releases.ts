import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BlobError, type BlobStore } from '../../blob/blob-store.ts';
import { parsePackageId } from '../../domain/identifiers.ts';
import { ifThere } from '../../files/file-errors.ts';
import { removeTree } from '../../files/remove-tree.ts';
import { syncFolder } from '../../files/sync-folder.ts';
import { PackageUnreadable } from '../../packaging/package-unreadable.ts';
import { openPackageZip } from '../../packaging/package-zip.ts';
import { DeploymentFailure, type TargetPackage } from '../deployment-target.ts';
import { type Places, releaseFolder, settingsFile } from './places.ts';
import { isThere } from './site.ts';
import { unpackPackage } from './unpack-package.ts';

/** What a release is called while it is not whole: being unpacked, or removed. */
const PARTIAL = '.partial';

/**
 * Unpacks a package, unless that was done. The release is there whole or not at all.
 *
 * @throws DeploymentFailure PACKAGE_PARSE_FAILED where it is no zip, or none that may be unpacked
 */
export async function placeRelease(
  places: Places,
  blobs: BlobStore,
  { id, blobKey, sizeBytes }: TargetPackage,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const folder = releaseFolder(places, id);
  if (await isThere(folder)) return;
  const partial = `${folder}${PARTIAL}`;
  try {
    await unpackPackage(openPackageZip(blobs, blobKey, sizeBytes), partial, signal);
  } catch (error) {
    signal.throwIfAborted();
    // The room that it took is what others need now.
    await removeTree(partial);
    throw translate(error);
  }
  await rename(partial, folder);
  await syncFolder(places.releases);
}

function translate(cause: unknown): unknown {
  if (cause instanceof PackageUnreadable) {
    const message = cause.message.replace(/^T/, 't');
    return new DeploymentFailure(message, { code: 'PACKAGE_PARSE_FAILED', cause });
  }
  return cause instanceof BlobError && cause.kind === 'missing'
    ? new DeploymentFailure(`its file is not there: ${cause.message}`, { cause })
    : cause;
}

/** Removes releases that are not whole: a crash left them behind. */
export async function removePartial({ releases }: Places): Promise<void> {
  for (const name of (await ifThere(readdir(releases))) ?? []) {
    if (name.endsWith(PARTIAL) && parsePackageId(name.slice(0, -PARTIAL.length)))
      await removeTree(join(releases, name));
  }
}

/** The releases that are there, in no order. */
export async function listReleases({ releases }: Places): Promise<readonly string[]> {
  return ((await ifThere(readdir(releases))) ?? []).filter((name) => parsePackageId(name) === name);
}

export async function removeRelease(places: Places, id: string): Promise<void> {
  const folder = releaseFolder(places, id);
  await ifThere(rename(folder, `${folder}${PARTIAL}`));
  await removeTree(`${folder}${PARTIAL}`);
  await rm(settingsFile(places, id), { force: true });
}
