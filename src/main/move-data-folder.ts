import { hash, randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { BlobStore } from '../blob/blob-store.ts';
import { diskBlobReader } from '../blob/disk-blob-store.ts';
import { formatS3Address } from '../blob/s3-address.ts';
import type { S3Settings } from '../blob/s3-settings.ts';
import { openFileBuildLog } from '../build-log/file-build-log.ts';
import { CommandFailure } from '../cli/exit-codes.ts';
import { formatSize } from '../cli/human-text.ts';
import type { Queries } from '../database/database.ts';
import { MOVED_TABLE_NAMES } from '../database/moved-tables.ts';
import { countPackages } from '../database/packages-with-file.ts';
import { findForeignTable } from '../database/postgres/look-around.ts';
import { openPostgresDatabase, type SharedDatabase } from '../database/postgres/postgres-database.ts';
import type { MoveRow } from '../database/schema.ts';
import { listLastNumbers } from '../database/sqlite/last-numbers.ts';
import { openSqliteReader } from '../database/sqlite/sqlite-database.ts';
import { finishMove } from '../operations/finish-move.ts';
import { moveLogs } from '../operations/move-logs.ts';
import { type MovedPackages, movePackages } from '../operations/move-packages.ts';
import { type Digests, digestTables, type MoveRowsDeps, moveRows } from '../operations/move-rows.ts';
import { beginMove, identifySource } from './begin-move.ts';
import { placeOf } from './explain-postgres.ts';
import { type ComparedTable, isSame, type MoveReport } from './move-report.ts';
import { markMoved } from './moved-data-folder.ts';
import { openMovedLogs } from './moved-logs.ts';
import { openBlobStore } from './open-blob-store.ts';
import { refuseWithoutDatabase } from './refuse-without-database.ts';
import { lockOrRefuse } from './restore-place.ts';
import { findSealingKey, keyFiles } from './stored-secrets.ts';
import { refuseUnfinishedRestore } from './unfinished-restore.ts';

export interface MoveRequest {
  /** Of a server that is stopped. */
  readonly dataFolder: string;
  /** Of PostgreSQL. */
  readonly databaseUrl: string;
  readonly s3: S3Settings;
  /** What secrets are encrypted with; undefined for the key in the data folder. */
  readonly secretKey: Buffer | undefined;
  /** Whether every package is read back from the store. */
  readonly readsBack: boolean;
  /** Whether packages without a sound file are left out, instead of keeping the move from its end. */
  readonly withoutLost: boolean;
  readonly clock: () => number;
  readonly signal: AbortSignal;
  /** Told what is being done, in a line. */
  readonly onProgress: (text: string) => void;
}

/** Both sides of a move. */
interface OpenedMove {
  readonly source: Queries;
  readonly target: SharedDatabase;
  readonly blobs: BlobStore;
  /** Of the source. */
  readonly digests: Digests;
}

type Moved = MovedPackages & Pick<MoveReport, 'Tables' | 'Logs' | 'CopiedNow'>;

/**
 * Moves what is in a data folder into a PostgreSQL database and an S3 store. Cut off at any moment, it goes on where it was
 * when it is called again: rows are written in an order, a page of them in a transaction, and files whole or not at all.
 * Until all of it is there and compared, no server starts on the target; from then on, none starts on the folder. Nothing
 * else in the folder changes.
 *
 * @throws CommandFailure; BlobError; what SQLite, PostgreSQL and the file system throw
 */
export async function moveDataFolder(request: MoveRequest): Promise<MoveReport> {
  const { dataFolder, databaseUrl, s3, signal } = request;
  await refuseWithoutDatabase(dataFolder);
  await using opened = new AsyncDisposableStack();
  opened.defer(lockOrRefuse(dataFolder));
  await refuseUnfinishedRestore(dataFolder);
  const source = openSqliteReader(join(dataFolder, 'slipway.db'));
  opened.defer(() => source.destroy());
  const id = await identifySource(source, dataFolder);
  const keyId = await findSealingKey(request, source);
  const target = await openTarget(databaseUrl);
  opened.defer(target.close);
  const blobs = await openBlobStore({ dataFolder, s3 });

  const digests = await digestTables(source, showRows(request, 'Read'), signal);
  const folder = { source: id, place: `${hostname()}:${dataFolder}`, digest: digestOf(digests) };
  const state = await beginMove({ ...folder, queries: source }, target, blobs);
  const moved = state === 'finished' ? NOTHING : await moveAll(request, { source, target, blobs, digests });
  const isFinished = moved.Tables.every(isSame) && (moved.lost.length === 0 || request.withoutLost);
  const place = `${placeOf(databaseUrl)} and ${formatS3Address(s3.address)}`;
  if (isFinished) await markMoved(dataFolder, place);
  if (isFinished && state !== 'finished') await finishMove(target, folder, moved.lost, target.now());
  const { Tables, Logs, CopiedNow } = moved;
  return {
    DataFolder: dataFolder,
    Database: placeOf(databaseUrl),
    Blobs: formatS3Address(s3.address),
    State: state,
    IsFinished: isFinished,
    Tables,
    Packages: moved.packages,
    PackageBytes: moved.packageBytes,
    Logs,
    CopiedNow,
    VerifiedBy: request.readsBack ? 'SHA-256' : 'size',
    Lost: moved.lost.map(({ row, verdict }) => ({ PackageId: row.id, Name: row.name, Verdict: verdict })),
    KeyId: keyId ?? null,
    KeyFile: keyId === undefined || request.secretKey !== undefined ? null : keyFiles(dataFolder).current,
  };
}

const NOTHING: Moved = {
  packages: 0,
  packageBytes: 0,
  copied: 0,
  lost: [],
  Tables: [],
  Logs: 0,
  CopiedNow: { Rows: 0, Packages: 0, Logs: 0 },
};

async function openTarget(url: string): Promise<SharedDatabase> {
  // No other process has this name, not even one that moves something into the same database.
  const address = { url, applicationName: `slipway migrate ${randomUUID()}` };
  const foreign = await findForeignTable(address);
  if (foreign === undefined) return await openPostgresDatabase(address);
  const message = `The database ${placeOf(url)} is not empty: there is a table '${foreign}' in it. Name an empty database with --to.`;
  throw new CommandFailure('usage', 'DATABASE_NOT_EMPTY', message);
}

async function moveAll(request: MoveRequest, { source, target, blobs, digests }: OpenedMove): Promise<Moved> {
  const { dataFolder, readsBack, clock, signal, onProgress } = request;
  const lastNumbers = await listLastNumbers(source);
  const rows = await moveRows({ source, target, lastNumbers, onRows: showRows(request, 'Copied') }, signal);
  const of = await countPackages(source);
  const packages = await movePackages(
    {
      queries: source,
      source: diskBlobReader(join(dataFolder, 'packages')),
      target: blobs,
      readsBack,
      onPackage: ({ packages: done, packageBytes }) =>
        onProgress(`${done} of at most ${of} packages are there, ${formatSize(packageBytes)}`),
    },
    signal,
  );
  const buildLog = await openFileBuildLog({ folder: join(dataFolder, 'logs'), clock, mostBytes: 0, onError() {} });
  const onLog = (done: number) => onProgress(`${done} logs are there`);
  const logs = await moveLogs(
    { queries: source, source: buildLog, target: openMovedLogs(target, blobs), onLog },
    signal,
  );
  const digestsThere = await digestTables(target.read, showRows(request, 'Compared'), signal);
  return {
    ...packages,
    Tables: compare(digests, digestsThere),
    Logs: logs.logs,
    CopiedNow: { Rows: rows, Packages: packages.copied, Logs: logs.copied },
  };
}

function compare(digests: Digests, digestsThere: Digests): ComparedTable[] {
  return MOVED_TABLE_NAMES.map((Table) => {
    const [here, there] = [digests[Table], digestsThere[Table]];
    return { Table, Rows: here.rows, RowsThere: there.rows, Digest: here.digest, DigestThere: there.digest };
  });
}

/** Of all tables at once. */
function digestOf(digests: Digests): MoveRow['digest'] {
  return hash('sha256', JSON.stringify(MOVED_TABLE_NAMES.map((name) => [name, digests[name]])));
}

function showRows({ onProgress }: MoveRequest, what: string): MoveRowsDeps['onRows'] {
  return (table, rows) => onProgress(`${what} ${rows} rows of ${table}`);
}
