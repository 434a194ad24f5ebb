import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type AboutBackup,
  CONFIGURATION,
  DATABASE,
  KEY_FILES,
  type LostPackage,
  placeOf,
} from '../backup/backup-format.ts';
import { type BackupMember, BackupUnusable, readAbout, readBackup } from '../backup/backup-reader.ts';
import { diskBlobReader } from '../blob/disk-blob-store.ts';
import { formatS3Address } from '../blob/s3-address.ts';
import type { S3Settings } from '../blob/s3-settings.ts';
import { CommandFailure } from '../cli/exit-codes.ts';
import type { Database } from '../database/database.ts';
import { endUnfinishedWork } from '../database/end-unfinished-work.ts';
import { updateInstallation } from '../database/installation.ts';
import { unknownMigrations } from '../database/migrate.ts';
import { openSqliteDatabase } from '../database/sqlite/sqlite-database.ts';
import { countUnfinishedWork } from '../database/unfinished-work.ts';
import { removeTree } from '../files/remove-tree.ts';
import { syncFolder } from '../files/sync-folder.ts';
import { type RestoredPackages, restorePackages } from '../operations/restore-packages.ts';
import { openBlobStore } from './open-blob-store.ts';
import { clearRestored, lockOrRefuse, refuseUsed, removeLocked } from './restore-place.ts';
import { UNFINISHED_RESTORE } from './unfinished-restore.ts';
import { unpackBackup } from './unpack-backup.ts';

export interface RestoreRequest {
  /** An absolute path. */
  readonly file: string;
  readonly dataFolder: string;
  /** Where packages are to be that are not to be in the data folder. */
  readonly s3?: S3Settings | undefined;
  /** Where the packages are that the backup has the list of. */
  readonly packagesFolder: string | undefined;
  /** Whether what had not ended is to have failed, instead of going on. */
  readonly endsUnfinished: boolean;
  readonly clock: () => number;
  readonly signal: AbortSignal;
  /** Told after each member of the backup. */
  readonly onRead: (doneBytes: number, ofBytes: number) => void;
  /** Told after each package that is seen to have its file. */
  readonly onRestored: (done: number, of: number) => void;
}

/** What is in a backup, every byte of which was read: as `restore --verify --json` shows it. */
export interface VerifiedBackup {
  readonly File: string;
  readonly Size: number;
  readonly Slipway: string;
  readonly CreatedAt: string;
  readonly Mode: 'all' | 'list';
  readonly Packages: number;
  readonly PackageBytes: number;
  readonly Logs: number;
  readonly Keys: readonly string[];
  readonly KeysNeeded: readonly string[];
  readonly HasConfiguration: boolean;
  readonly Lost: readonly LostPackage[];
}

/** What was restored: as `restore --json` shows it. */
export interface RestoreReport extends Omit<VerifiedBackup, 'HasConfiguration'> {
  readonly DataFolder: string;
  /** Where its configuration file is now; null where it has none. */
  readonly Configuration: string | null;
  /** What the server does by itself from its start on. */
  readonly Unfinished: {
    readonly Builds: number;
    readonly Pushes: number;
    readonly Tags: number;
    readonly Deployments: number;
    readonly WebhookMessages: number;
  };
}

/** Reads a backup from end to end. @throws BackupUnusable; what the file system throws */
export async function verifyBackup(request: RestoreRequest): Promise<VerifiedBackup> {
  return await readWhole(request, await readRestorable(request), async ({ content }) => {
    for await (const _ of content) request.signal.throwIfAborted();
  });
}

/** @throws BackupUnusable for what this version does not understand */
async function readRestorable({ file }: RestoreRequest): Promise<AboutBackup> {
  const about = await readAbout(file);
  const [unknown] = unknownMigrations(about.Migrations);
  if (unknown === undefined) return about;
  const message = `has a database of a newer version (${unknown}): restore it with Slipway ${about.Slipway} or later`;
  throw new BackupUnusable('too-new', message);
}

async function readWhole(
  { file, signal, onRead }: RestoreRequest,
  about: AboutBackup,
  take: (member: BackupMember) => Promise<void>,
): Promise<VerifiedBackup> {
  const { size } = await stat(file);
  let readBytes = 0;
  const names: string[] = [];
  const contents = await readBackup(file, async (member) => {
    signal.throwIfAborted();
    await take(member);
    readBytes += member.sizeBytes;
    onRead(readBytes, size);
    if (placeOf(member.name)?.kind === 'file') names.push(member.name);
  });
  return {
    File: file,
    Size: size,
    Slipway: about.Slipway,
    CreatedAt: about.CreatedAt,
    Mode: about.Packages,
    Packages: contents.Packages,
    PackageBytes: contents.PackageBytes,
    Logs: contents.Logs,
    Keys: KEY_FILES.filter((name) => names.includes(name)),
    KeysNeeded: contents.KeysNeeded,
    HasConfiguration: names.includes(CONFIGURATION),
    Lost: contents.Lost,
  };
}

/**
 * Makes a data folder from a backup. Everything is made in a folder within it while the backup is read, once, and moved out
 * of it when the whole backup has proved sound, the database last: no server starts on what is not finished, and the next
 * restore begins anew. What fails leaves nothing.
 *
 * @throws CommandFailure; BackupUnusable; what SQLite and the file system throw
 */
export async function restoreBackup(request: RestoreRequest): Promise<RestoreReport> {
  const { dataFolder } = request;
  const about = await readRestorable(request);
  refuseWrongPackages(about, request);
  await refuseUsed(dataFolder);
  process.umask(0o077);
  await using opened = new AsyncDisposableStack();
  const isNew = (await mkdir(dataFolder, { recursive: true })) !== undefined;
  opened.defer(lockOrRefuse(dataFolder));
  await refuseUsed(dataFolder);
  const unfinished = join(dataFolder, UNFINISHED_RESTORE);
  await clearRestored(dataFolder);
  await mkdir(unfinished);
  try {
    const restored = await fill(unfinished, about, request);
    await moveOut(unfinished, dataFolder);
    return restored;
  } catch (error) {
    await clearRestored(dataFolder);
    if (isNew) await removeLocked(dataFolder);
    throw error;
  }
}

async function fill(folder: string, about: AboutBackup, request: RestoreRequest): Promise<RestoreReport> {
  const { clock, signal, onRestored, s3 } = request;
  const verified = await unpackBackup(folder, (take) => readWhole(request, about, take));
  const blobs = await openBlobStore({ dataFolder: folder, s3 });
  const database = await openSqliteDatabase(join(folder, DATABASE));
  try {
    const deps = {
      database,
      blobs,
      source: findSource(folder, about, request),
      clock,
      onPackage: (done: number) => onRestored(done, verified.Packages),
    };
    const restored = await restorePackages(deps, `the backup of ${verified.CreatedAt}`, signal);
    refuseForeignFolder(request, restored);
    // What it was made from may live on: a store that is that one's is not this one's.
    await database.transaction((queries) =>
      updateInstallation(queries, { id: randomUUID(), store_mark: null, next_store_mark: null }),
    );
    if (s3 !== undefined) await removeTree(join(folder, 'packages'));
    if (request.endsUnfinished) {
      await database.transaction((queries) => endUnfinishedWork(queries, NOT_GONE_ON_WITH, clock()));
    }
    return await report(request, verified, restored, database);
  } finally {
    await database.close();
  }
}

/** Where the files of packages have to be fetched from; undefined where they are in place already. */
function findSource(folder: string, about: AboutBackup, { s3, packagesFolder }: RestoreRequest) {
  if (packagesFolder !== undefined) return diskBlobReader(packagesFolder);
  return s3 !== undefined && about.Packages === 'all' ? diskBlobReader(join(folder, 'packages')) : undefined;
}

const NOT_GONE_ON_WITH = 'The server was restored from a backup without what had not ended then.';

async function report(
  { dataFolder }: RestoreRequest,
  { HasConfiguration, ...verified }: VerifiedBackup,
  restored: RestoredPackages,
  database: Database,
): Promise<RestoreReport> {
  const unfinished = await countUnfinishedWork(database.read);
  return {
    ...verified,
    Packages: restored.packages,
    PackageBytes: restored.packageBytes,
    Lost: restored.lost,
    DataFolder: dataFolder,
    Configuration: HasConfiguration ? join(dataFolder, CONFIGURATION) : null,
    Unfinished: {
      Builds: unfinished.builds,
      Pushes: unfinished.pushes,
      Tags: unfinished.tags,
      Deployments: unfinished.deployments,
      WebhookMessages: unfinished.webhookMessages,
    },
  };
}

/** The database comes last: without it, what is there already is no data folder. */
async function moveOut(from: string, to: string): Promise<void> {
  await syncFolder(from);
  const names = await readdir(from);
  for (const name of names) if (name !== DATABASE) await rename(join(from, name), join(to, name));
  await syncFolder(to);
  await rename(join(from, DATABASE), join(to, DATABASE));
  await rmdir(from);
  await syncFolder(to);
}

/** @throws CommandFailure where nothing was where it is said to be: rather the wrong folder than the end of everything */
function refuseForeignFolder({ packagesFolder, s3 }: RestoreRequest, { packages, lost }: RestoredPackages): void {
  const place = packagesFolder ?? (s3 && formatS3Address(s3.address));
  if (place === undefined || packages > 0 || lost.length === 0) return;
  const message = `None of the ${lost.length} packages is in ${place}: name the copy of the folder packages/ of the data folder, or the S3 store that they were in. Nothing was restored.`;
  throw new CommandFailure('usage', 'PACKAGES_NOT_FOUND', message);
}

function refuseWrongPackages(about: AboutBackup, { file, s3, packagesFolder }: RestoreRequest): void {
  if (about.Packages === 'list' && packagesFolder === undefined && s3 === undefined) {
    const message = `${file} has the list of the packages alone: name the folder with their files with --packages.`;
    throw new CommandFailure('usage', 'PACKAGES_NEEDED', message);
  }
  if (about.Packages === 'all' && packagesFolder !== undefined) {
    const message = `${file} has the packages' files itself: leave --packages away.`;
    throw new CommandFailure('usage', 'PACKAGES_NOT_NEEDED', message);
  }
}
