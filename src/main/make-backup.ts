import { link, mkdir, mkdtemp, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import {
  ABOUT,
  type AboutBackup,
  BACKUP_FORMAT,
  type BackupContents,
  CONFIGURATION,
  CONTENTS,
  DATABASE,
} from '../backup/backup-format.ts';
import { type BackupOutput, BackupWriter } from '../backup/backup-writer.ts';
import type { S3Settings } from '../blob/s3-settings.ts';
import { openFileBuildLog } from '../build-log/file-build-log.ts';
import { CommandFailure } from '../cli/exit-codes.ts';
import type { Database } from '../database/database.ts';
import { listMigrations } from '../database/migrate.ts';
import { countPackages } from '../database/packages-with-file.ts';
import { DataFolderInUse, lockDataFolder } from '../database/sqlite/data-folder-lock.ts';
import { openSqliteReader } from '../database/sqlite/sqlite-database.ts';
import { codeOf, ifThere } from '../files/file-errors.ts';
import { removeTree } from '../files/remove-tree.ts';
import { syncFolder } from '../files/sync-folder.ts';
import { backUpLogs } from '../operations/back-up-logs.ts';
import { backUpPackages } from '../operations/back-up-packages.ts';
import { type FlushedOutput, fileOutput, streamOutput } from './backup-output.ts';
import { copyWithKeys } from './copy-with-keys.ts';
import { openBlobReader } from './open-blob-store.ts';

export interface BackupRequest {
  readonly dataFolder: string;
  /** Where packages are that are not in the data folder. */
  readonly s3?: S3Settings | undefined;
  /** Undefined where none is in use. */
  readonly configurationFile: string | undefined;
  /** An absolute path, or what to write to. */
  readonly target: string | NodeJS.WritableStream;
  readonly packages: 'all' | 'list';
  /** Whether a file that is there may be replaced. */
  readonly force: boolean;
  readonly version: string;
  readonly clock: () => number;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: { readonly done: number; readonly of: number; readonly bytes: number }) => void;
}

/** What was backed up: as `--json` shows it. */
export interface BackupReport extends BackupContents {
  /** null for standard output. */
  readonly File: string | null;
  readonly Size: number;
  readonly CreatedAt: string;
  readonly Mode: 'all' | 'list';
  readonly Keys: readonly string[];
  /** null where no file was in use. */
  readonly Configuration: string | null;
}

/**
 * Makes a backup. Under the name that was asked for there is a whole one or none at any moment: it is written in a folder
 * beside it, `<file>.unfinished`, which the next backup to the same file clears when this one is killed.
 *
 * @throws CommandFailure; what SQLite and the file system throw
 */
export async function makeBackup(request: BackupRequest): Promise<BackupReport> {
  const { target } = request;
  if (typeof target !== 'string') {
    const scratch = await mkdtemp(join(tmpdir(), 'slipway-backup-'));
    try {
      return await write(request, scratch, streamOutput(target));
    } finally {
      await removeTree(scratch);
    }
  }
  await refuseExisting(target, request.force);
  const scratch = `${target}.unfinished`;
  await makeScratch(scratch);
  const unlock = lockScratch(join(scratch, 'lock'), target);
  try {
    const leftovers = [DATABASE, `${DATABASE}-wal`, `${DATABASE}-shm`, 'backup.tar', 'sums', 'list'];
    for (const name of leftovers) await rm(join(scratch, name), { force: true });
    return await writeFile(request, scratch, target);
  } finally {
    await removeTree(scratch);
    unlock();
  }
}

async function writeFile(request: BackupRequest, scratch: string, target: string): Promise<BackupReport> {
  const unfinished = join(scratch, 'backup.tar');
  const file = await open(unfinished, 'wx', 0o600);
  try {
    const report = await write(request, scratch, fileOutput(file));
    await file.sync();
    if (request.force) await rename(unfinished, target);
    else await link(unfinished, target).catch((error: unknown) => refuseReplacing(error, target));
    await syncFolder(dirname(target));
    return { ...report, File: target };
  } finally {
    await file.close();
  }
}

async function write(request: BackupRequest, scratch: string, output: FlushedOutput): Promise<BackupReport> {
  const { dataFolder, clock, signal } = request;
  let sizeBytes = 0;
  const counted: BackupOutput = async (chunk) => {
    signal.throwIfAborted();
    sizeBytes += chunk.byteLength;
    await output.write(chunk);
  };
  const createdAt = clock();
  const { copy, file, keys, keysNeeded } = await copyWithKeys(dataFolder, scratch, signal);
  await using opened = new AsyncDisposableStack();
  opened.defer(copy.close);
  const writer = await BackupWriter.open(counted, createdAt, join(scratch, 'sums'));
  opened.defer(() => writer.close());
  const about = await describeBackup(request, copy, createdAt);
  await writer.addBytes(ABOUT, formatJson(about));
  for (const { name, bytes } of keys) await writer.addBytes(name, bytes);
  const { configurationFile } = request;
  if (configurationFile !== undefined) await writer.addBytes(CONFIGURATION, await readFile(configurationFile));
  const counts = await writePackagesAndLogs(request, scratch, copy, writer);
  await copy.close();
  await addFile(writer, DATABASE, file);
  const contents: BackupContents = { ...counts, KeysNeeded: keysNeeded };
  await writer.addBytes(CONTENTS, formatJson(contents));
  await writer.finish();
  await output.flush();
  return {
    File: null,
    Size: sizeBytes,
    CreatedAt: about.CreatedAt,
    Mode: about.Packages,
    ...contents,
    Keys: keys.map(({ name }) => name),
    Configuration: configurationFile ?? null,
  };
}

async function describeBackup(
  { version, packages }: BackupRequest,
  copy: Database,
  createdAt: number,
): Promise<AboutBackup> {
  return {
    Format: BACKUP_FORMAT,
    Slipway: version,
    CreatedAt: new Date(createdAt).toISOString(),
    Packages: packages,
    Migrations: await listMigrations(copy.read),
  };
}

async function writePackagesAndLogs(
  { dataFolder, s3, packages, clock, signal, onProgress }: BackupRequest,
  scratch: string,
  copy: Database,
  writer: BackupWriter,
): Promise<Omit<BackupContents, 'KeysNeeded'>> {
  const live = openSqliteReader(join(dataFolder, DATABASE));
  try {
    const of = await countPackages(copy.read);
    const deps = {
      copy,
      live,
      blobs: await openBlobReader({ dataFolder, s3 }),
      writer,
      clock,
      onPackage: (done: { packages: number; packageBytes: number }) =>
        onProgress({ done: done.packages, of, bytes: done.packageBytes }),
    };
    const done = await backUpPackages(deps, packages === 'list' ? join(scratch, 'list') : undefined, signal);
    const buildLog = await openFileBuildLog({ folder: join(dataFolder, 'logs'), clock, mostBytes: 0, onError() {} });
    return {
      Packages: done.packages,
      PackageBytes: done.packageBytes,
      Logs: await backUpLogs({ queries: copy.read, buildLog, writer }, signal),
      DeletedMeanwhile: done.deletedMeanwhile,
      Lost: done.lost,
    };
  } finally {
    await live.destroy();
  }
}

async function addFile(writer: BackupWriter, name: string, path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const added = await writer.add(name, size, file.createReadStream({ autoClose: false, highWaterMark: 512 * 1024 }));
    if (added === undefined || added.failure !== undefined)
      throw new Error(`${path} could not be read.`, { cause: added?.failure });
  } finally {
    await file.close();
  }
}

function formatJson(value: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(value, undefined, 2)}\n`);
}

/** What a backup that was killed has left is used again. Its parent is not made: it may be a disk that is not mounted. */
async function makeScratch(folder: string): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return;
    if (codeOf(error) !== 'ENOENT') throw error;
    const message = `There is no folder ${dirname(folder)} for the backup: make it, mount it, or name another one.`;
    throw new CommandFailure('usage', 'NO_FOLDER', message, { cause: error });
  }
}

function lockScratch(file: string, target: string): () => void {
  try {
    return lockDataFolder(file);
  } catch (error) {
    if (!(error instanceof DataFolderInUse)) throw error;
    const message = `Another 'slipway backup' is writing ${target}: wait for it, or choose another file.`;
    throw new CommandFailure('usage', 'BACKUP_UNDER_WAY', message, { cause: error });
  }
}

async function refuseExisting(target: string, force: boolean): Promise<void> {
  const found = await ifThere(stat(target));
  if (found?.isDirectory()) {
    const message = `${target} is a folder: name a file in it, such as ${join(target, 'slipway.tar')}.`;
    throw new CommandFailure('usage', 'FILE_EXISTS', message);
  }
  if (found !== undefined && !force) throw existing(target);
}

function refuseReplacing(error: unknown, target: string): never {
  throw codeOf(error) === 'EEXIST' ? existing(target) : error;
}

function existing(target: string): CommandFailure {
  const message = `There is a ${basename(target)} in ${dirname(target)} already: choose another name, or replace it with --force.`;
  return new CommandFailure('usage', 'FILE_EXISTS', message);
}
