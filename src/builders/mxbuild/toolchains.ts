import { randomUUID } from 'node:crypto';
import { lstat, mkdir, opendir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type MendixVersion, parseMendixVersion } from '../../domain/mendix-version.ts';
import { ifThere } from '../../files/file-errors.ts';
import { removeTree } from '../../files/remove-tree.ts';
import { syncFolder } from '../../files/sync-folder.ts';
import { type Archive, UnusableArchive } from './archive-file.ts';
import { mxbuildProgram } from './mxbuild-command.ts';
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
   * @throws UnusableArchive for what is no MxBuild, or no whole one, or too large; BuildFailure `toolchain-missing`
   *   without `tar`
   */
  add(archive: Archive, version: MendixVersion, signal: AbortSignal): Promise<string>;
  /** @returns whether it was here */
  remove(version: MendixVersion): Promise<boolean>;
  /** Deletes what was left half unpacked. Only to be called while nothing is being added. */
  sweep(): Promise<void>;
}

export interface Toolchain {
  readonly version: MendixVersion;
  readonly sizeBytes: number;
}

export interface ToolchainsOptions {
  /** Made when it is first needed. */
  readonly folder: string;
  /** Where programs are looked for: a PATH. */
  readonly path: string;
  /** What one MxBuild may take, unpacked. */
  readonly mostBytes?: number;
}

const UNFINISHED = '.new-';
/** One has a gigabyte and a half, about. */
const MOST_BYTES = 8 * 1024 ** 3;

export function openToolchains({ folder, path, mostBytes = MOST_BYTES }: ToolchainsOptions): Toolchains {
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
        await unpackArchive(archive, unfinished, { path, mostBytes }, signal);
        await refuseOther(unfinished, archive, version);
        await rename(unfinished, pathOf(version)).catch(async (error: unknown) => {
          // Another one was as quick.
          if ((await find(version)) === undefined) throw error;
        });
        await syncFolder(folder);
      } finally {
        await removeTree(unfinished);
      }
      return pathOf(version);
    },
    async remove(version) {
      const doomed = join(folder, `${UNFINISHED}${randomUUID()}`);
      const isThere = (await ifThere(rename(pathOf(version), doomed).then(() => true))) ?? false;
      await removeTree(doomed);
      return isThere;
    },
    async sweep() {
      for (const name of await listNames(folder)) {
        if (name.startsWith(UNFINISHED)) await removeTree(join(folder, name));
      }
    },
  };
}

/** What is looked for is what a build needs. */
async function refuseOther(unpacked: string, { name }: Archive, version: MendixVersion): Promise<void> {
  for (const part of [mxbuildProgram(version), 'runtime']) {
    if ((await ifThere(stat(join(unpacked, part)))) !== undefined) continue;
    throw new UnusableArchive(`${name} is no archive of MxBuild ${version}: it has no '${part}'.`);
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
