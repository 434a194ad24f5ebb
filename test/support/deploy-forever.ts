import { randomUUID } from 'node:crypto';
import { openDiskBlobStore } from '../../src/blob/disk-blob-store.ts';
import type { TargetEnvironment, TargetPackage } from '../../src/deployment/deployment-target.ts';
import { directoryTarget } from '../../src/deployment/directory/directory-target.ts';
import type { PackageId } from '../../src/domain/identifiers.ts';
import { targetPackage } from './target-package.ts';

/** What the process is told, as JSON. */
export interface DeployForever {
  readonly packagesFolder: string;
  readonly allowed: string;
  readonly environment: TargetEnvironment;
  /** Deployed again and again, each time under another id. */
  readonly file: Pick<TargetPackage, 'blobKey' | 'sizeBytes'>;
}

/*
 * Deploys until it is killed, and says a line before each transport and each start.
 */
const told: DeployForever = JSON.parse(process.argv[2] ?? '');
const target = directoryTarget({
  blobs: await openDiskBlobStore(told.packagesFolder),
  allowedFolders: [told.allowed],
  path: process.env.PATH ?? '',
  home: told.allowed,
  timeoutMs: 600_000,
  onError: (error) => console.error(error),
});
const { signal } = new AbortController();
const settings = { constants: {}, customSettings: {}, scheduledEvents: {} };
for (;;) {
  const given = targetPackage({ ...told.file, id: randomUUID() as string as PackageId });
  console.log('transport');
  await target.transport(told.environment, given, signal);
  console.log('start');
  await target.start(told.environment, { id: randomUUID(), package: given, autoSyncDb: false, settings }, signal);
}
