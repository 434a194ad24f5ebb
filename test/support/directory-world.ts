import { randomUUID } from 'node:crypto';
import { mkdir, readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { openDiskBlobStore } from '../../src/blob/disk-blob-store.ts';
import type {
  DeploymentTarget,
  TargetEnvironment,
  TargetOptions,
  TargetPackage,
} from '../../src/deployment/deployment-target.ts';
import { directoryTarget } from '../../src/deployment/directory/directory-target.ts';
import { type AppId, type PackageId, parsePackageId } from '../../src/domain/identifiers.ts';
import { makeZip, storeBlob } from './make-zip.ts';
import { targetPackage } from './target-package.ts';
import { temporaryFolder } from './temporary-folder.ts';

/**
 * Starts what runs until it is told to end, in a session of its own, writes down its number, and waits until it is what
 * it is to be: between two programs a process has no environment.
 */
export const START = `
  setsid sleep 600 >/dev/null 2>&1 &
  echo $! > ../../app.pid
  until [ "$(cat /proc/$!/comm)" = sleep ] && grep -qs SLIPWAY_PACKAGE_ID /proc/$!/environ; do sleep 0.01; done`;

/** Ends it, and waits until it is gone; whoever has gone has no environment any more. */
export const STOP = `
  pid=$(cat ../../app.pid 2>/dev/null) || exit 0
  grep -qs SLIPWAY_PACKAGE_ID /proc/$pid/environ || exit 0
  kill $pid
  while grep -qs SLIPWAY_PACKAGE_ID /proc/$pid/environ; do sleep 0.01; done`;

export interface DirectoryWorld {
  readonly target: DeploymentTarget;
  /** The one that environments may be deployed below. */
  readonly allowed: string;
  /** Where its blob store is. */
  readonly packagesFolder: string;
  readonly errors: readonly unknown[];
  /** The folder of an environment. */
  folder(mode: string): string;
  options(mode: string): TargetOptions;
  environment(mode: string, options?: TargetOptions): TargetEnvironment;
  /** Stores a package. @param content paths and contents, or the bytes of a file that is no package of Slipway's */
  addPackage(content: Readonly<Record<string, string>> | Buffer, version?: string): Promise<TargetPackage>;
  /** Which package the process of an environment was started with. */
  findRunning(mode: string): Promise<PackageId | undefined>;
}

/** The target over real files and processes, all of which are gone when the test ends. */
export async function openDirectoryWorld(
  test: { after(work: () => unknown): void },
  { timeoutMs = 60_000 }: { readonly timeoutMs?: number } = {},
): Promise<DirectoryWorld> {
  // Before the folder is gone, by which they are found.
  test.after(async () => {
    for (const mode of modes) if ((await findRunning(mode)) !== undefined) process.kill(await readPid(mode), 'SIGKILL');
  });
  const modes = new Set<string>();
  const root = await realpath(await temporaryFolder(test));
  const allowed = join(root, 'apps');
  await mkdir(allowed);
  const packagesFolder = join(root, 'packages');
  const blobs = await openDiskBlobStore(packagesFolder);
  const errors: unknown[] = [];
  const folder = (mode: string) => join(allowed, mode);
  const readPid = async (mode: string) =>
    Number(await readFile(join(folder(mode), 'app.pid'), 'utf8').catch(() => '0'));
  const findRunning = async (mode: string) => {
    const environ = await readFile(`/proc/${await readPid(mode)}/environ`, 'utf8').catch(() => '');
    return parsePackageId(/SLIPWAY_PACKAGE_ID=([^\0]*)/.exec(environ)?.[1] ?? '');
  };
  const options = (mode: string) => {
    modes.add(mode);
    return { folder: folder(mode), start: START, stop: STOP, clean: 'true' };
  };
  const target = directoryTarget({
    blobs,
    allowedFolders: [allowed],
    path: process.env.PATH ?? '',
    home: root,
    timeoutMs,
    onError: (error) => errors.push(error),
  });
  return {
    target,
    allowed,
    packagesFolder,
    errors,
    folder,
    options,
    environment: (mode, given = {}) => ({
      id: randomUUID(),
      appKey: 'app-1',
      appId: 'calc' as AppId,
      mode,
      options: target.parseOptions({ ...options(mode), ...given }, undefined),
    }),
    async addPackage(content, version = '1.0.0.1') {
      const bytes = Buffer.isBuffer(content) ? content : await makeZip(content);
      const given = targetPackage({ sizeBytes: bytes.length, version });
      await storeBlob(blobs, given.blobKey, bytes);
      return given;
    },
    findRunning,
  };
}
