import { randomUUID } from 'node:crypto';
import { lstat, mkdir, opendir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { BuildFailure } from '../../domain/failure.ts';
import { type MendixVersion, parseMendixVersion } from '../../domain/mendix-version.ts';
import { ifThere } from '../../files/file-errors.ts';
import { syncFolder } from '../../files/sync-folder.ts';
import { unpackArchive } from './unpack-archive.ts';

/**
 * The MxBuilds of this machine: `<folder>/<version>`, each as its archive holds it (`modeler/` and `runtime/`). A version
 * is there whole or not at all, whenever the server is killed, and never changes.
 */
export interface Toolchains {
  list(): Promise<readonly Toolchain[]>;
  /** The same without their sizes, which take a while. */
  versions(): Promise<readonly MendixVersion[]>;
  /** @returns its folder; undefined when it is not here */
  find(version: MendixVersion): Promise<string | undefined>;
  /**
   * Unpacks an archive (`mxbuild-<version>.tar.gz`). A version that is here already stays as it is.
   *
   * @throws BuildFailure `toolchain-missing` for what is no MxBuild
   */
  add(archive: string, version: MendixVersion, signal: AbortSignal): Promise<string>;
  /** @returns whether it was here */
  remove(version: MendixVersion): Promise<boolean>;
  /** Deletes what was left half unpacked. Only to be called while nothing is being added. */
  sweep(): Promise<void>;
}

export interface Toolchain {
  readonly version: MendixVersion;
  readonly sizeBytes: number;
}

const UNFINISHED = '.new-';

/** @param folder made when it is first needed */
export function openToolchains(folder: string): Toolchains {
  const pathOf = (version: MendixVersion) => join(folder, version);
  const find = async (version: MendixVersion) =>
    (await ifThere(stat(join(pathOf(version), 'modeler')))) === undefined ? undefined : pathOf(version);
  return {
    find,
    versions: () => listVersions(folder),
    async list() {
      const versions = await listVersions(folder);
      return Promise.all(
        versions.map(async (version) => ({ version, sizeBytes: await measureFolder(pathOf(version)) })),
      );
    },
    async add(archive, version, signal) {
      const known = await find(version);
      if (known !== undefined) return known;
      await mkdir(folder, { recursive: true });
      const unfinished = join(folder, `${UNFINISHED}${randomUUID()}`);
      try {
        await unpackArchive(archive, unfinished, signal);
        await refuseOther(unfinished, archive);
        await rename(unfinished, pathOf(version)).catch(async (error: unknown) => {
          // Another one was as quick.
          if ((await find(version)) === undefined) throw error;
        });
        await syncFolder(folder);
      } finally {
        await rm(unfinished, { recursive: true, force: true });
      }
      return pathOf(version);
    },
    async remove(version) {
      const doomed = join(folder, `${UNFINISHED}${randomUUID()}`);
      const isThere = (await ifThere(rename(pathOf(version), doomed).then(() => true))) ?? false;
      await rm(doomed, { recursive: true, force: true });
      return isThere;
    },
    async sweep() {
      for (const name of await listNames(folder)) {
        if (name.startsWith(UNFINISHED)) await rm(join(folder, name), { recursive: true, force: true });
      }
    },
  };
}

async function refuseOther(unpacked: string, archive: string): Promise<void> {
  for (const part of ['modeler', 'runtime']) {
    if ((await ifThere(stat(join(unpacked, part))))?.isDirectory() === true) continue;
    const message = `${archive} is no archive of MxBuild: it has no folder '${part}'.`;
    throw new BuildFailure('toolchain-missing', message);
  }
}

async function listVersions(folder: string): Promise<readonly MendixVersion[]> {
  const versions = (await listNames(folder)).map(parseMendixVersion);
  return versions.filter((version) => version !== undefined).sort(byNumbers.compare);
}

const byNumbers = new Intl.Collator('en', { numeric: true });

async function listNames(folder: string): Promise<readonly string[]> {
  const names: string[] = [];
  const opened = await ifThere(opendir(folder));
  if (opened !== undefined) for await (const { name } of opened) names.push(name);
  return names;
}

async function measureFolder(folder: string): Promise<number> {
  let sizeBytes = 0;
  for await (const entry of await opendir(folder, { recursive: true })) {
    if (entry.isFile()) sizeBytes += (await ifThere(lstat(join(entry.parentPath, entry.name))))?.size ?? 0;
  }
  return sizeBytes;
}
