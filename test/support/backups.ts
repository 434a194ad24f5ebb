import { open } from 'node:fs/promises';
import { join } from 'node:path';
import {
  ABOUT,
  type AboutBackup,
  BACKUP_FORMAT,
  type BackupContents,
  CONTENTS,
} from '../../src/backup/backup-format.ts';
import { BackupWriter } from '../../src/backup/backup-writer.ts';
import { type BackupReport, type BackupRequest, makeBackup } from '../../src/main/make-backup.ts';
import type { RestoreRequest } from '../../src/main/restore-backup.ts';

export const ABOUT_TEST: AboutBackup = {
  Format: BACKUP_FORMAT,
  Slipway: '1.2.3',
  CreatedAt: '2026-11-29T20:00:00.000Z',
  Packages: 'all',
  Migrations: [],
};
export const CONTENTS_TEST: BackupContents = {
  Packages: 0,
  PackageBytes: 0,
  Logs: 0,
  DeletedMeanwhile: 0,
  Lost: [],
  KeysNeeded: [],
};

/** Writes a backup by hand, with these members between what it says of itself. @returns its path */
export async function writeTestBackup(
  folder: string,
  members: Readonly<Record<string, Uint8Array>>,
  about: object = ABOUT_TEST,
): Promise<string> {
  const path = join(folder, 'backup.tar');
  const file = await open(path, 'wx');
  const writer = await BackupWriter.open(
    async (chunk) => void (await file.write(chunk)),
    1_700_000_000_000,
    `${path}.sums`,
  );
  await writer.addBytes(ABOUT, Buffer.from(JSON.stringify(about)));
  for (const [name, bytes] of Object.entries(members)) await writer.addBytes(name, bytes);
  await writer.addBytes(CONTENTS, Buffer.from(JSON.stringify(CONTENTS_TEST)));
  await writer.finish();
  await writer.close();
  await file.close();
  return path;
}

/** Backs a data folder up, as the command does. */
export function backUp(
  dataFolder: string,
  target: BackupRequest['target'],
  options: Partial<BackupRequest> = {},
): Promise<BackupReport> {
  return makeBackup({
    dataFolder,
    configurationFile: undefined,
    target,
    packages: 'all',
    force: false,
    version: '1.2.3',
    clock: Date.now,
    signal: new AbortController().signal,
    onProgress() {},
    ...options,
  });
}

/** What is asked of a restore. */
export function restoreRequest(
  file: string,
  dataFolder: string,
  options: Partial<RestoreRequest> = {},
): RestoreRequest {
  return {
    file,
    dataFolder,
    packagesFolder: undefined,
    endsUnfinished: false,
    clock: Date.now,
    signal: new AbortController().signal,
    onRead() {},
    onRestored() {},
    ...options,
  };
}
