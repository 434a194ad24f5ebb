import { join } from 'node:path';
import { BlobError } from '../blob/blob-store.ts';
import { CommandFailure, type ExitReason } from '../cli/exit-codes.ts';
import { NewerDatabase } from '../database/migrate.ts';
import { DataFolderInUse } from '../database/sqlite/data-folder-lock.ts';
import { type SqliteProblem, sqliteProblem } from '../database/sqlite/sqlite-errors.ts';
import { ForeignBlobStore } from '../operations/claim-blob-store.ts';
import type { Configuration, ListenAddress } from './configuration.ts';
import { explainPostgres } from './explain-postgres.ts';

/** What kept a server from starting, in a sentence with what to do about it; a bug comes back as it is. */
export function explainStart(error: unknown, configuration: Configuration): unknown {
  if (error instanceof CommandFailure) return error;
  const { reason, code, message } =
    explainStore(error) ??
    explainForeignStore(error) ??
    explainDatabase(error, configuration) ??
    explainFile(error, configuration) ??
    explainAddress(error, configuration) ??
    {};
  return reason === undefined || code === undefined
    ? error
    : new CommandFailure(reason, code, message ?? '', { cause: error });
}

export interface Explanation {
  readonly reason: ExitReason;
  readonly code: string;
  readonly message: string;
}

/** An S3 store's own sentence says what to do. */
function explainStore(error: unknown): Explanation | undefined {
  if (!(error instanceof BlobError)) return undefined;
  return { reason: 'checkFailed', code: 'STORE_UNAVAILABLE', message: error.message };
}

const ANOTHER_FOLDER = 'choose another folder with --data (or SLIPWAY_DATA)';

function explainDatabase(error: unknown, { dataFolder, databaseUrl }: Configuration): Explanation | undefined {
  if (databaseUrl !== undefined) return explainPostgres(error, databaseUrl) ?? explainLock(error);
  const file = join(dataFolder, 'slipway.db');
  const locked = explainLock(error);
  if (locked !== undefined) return locked;
  if (error instanceof NewerDatabase) {
    const message = `The database ${file} was changed by a newer version of Slipway: install that version again, or restore the copy from before the upgrade.`;
    return { reason: 'usage', code: 'DATABASE_TOO_NEW', message };
  }
  const problem = sqliteProblem(error);
  return problem === undefined ? undefined : describeProblem(problem, file, dataFolder);
}

function explainForeignStore(error: unknown): Explanation | undefined {
  if (!(error instanceof ForeignBlobStore)) return undefined;
  const message = `${error.message} Two on one would delete each other's packages: give this one another bucket or prefix with --blobs (or SLIPWAY_BLOBS). Where nothing else uses that place any more, 'slipway take-over' makes it this one's.`;
  return { reason: 'usage', code: 'BLOBS_FOREIGN', message };
}

function explainLock(error: unknown): Explanation | undefined {
  if (!(error instanceof DataFolderInUse)) return undefined;
  return { reason: 'usage', code: 'DATA_FOLDER_IN_USE', message: error.message };
}

function describeProblem(problem: SqliteProblem, file: string, dataFolder: string): Explanation {
  switch (problem) {
    case 'damaged': {
      const message = `The database ${file} is damaged, or none of Slipway's: restore a backup into another folder with 'slipway restore'.`;
      return { reason: 'checkFailed', code: 'DATABASE_DAMAGED', message };
    }
    case 'full':
      return fullDisk(dataFolder);
    case 'busy': {
      const message = `The database ${file} is in use by another program: end it and start again.`;
      return { reason: 'usage', code: 'DATABASE_IN_USE', message };
    }
    case 'not-writable':
      return notWritable(dataFolder, dataFolder);
    default:
      return problem satisfies never;
  }
}

/** Node.js says ENOENT for a folder that cannot be made on a file system that is read-only. */
const FILE_CODES = new Set(['EACCES', 'EPERM', 'EROFS', 'EISDIR', 'ENOENT']);

function explainFile(error: unknown, { dataFolder }: Configuration): Explanation | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('path' in error)) return undefined;
  const path = String(error.path);
  if (!path.startsWith(dataFolder)) return undefined;
  if (error.code === 'ENOTDIR' || error.code === 'EEXIST') {
    const message = `The data folder ${dataFolder} cannot be made, for there is a file at ${path}: ${ANOTHER_FOLDER}.`;
    return { reason: 'usage', code: 'DATA_FOLDER_IS_FILE', message };
  }
  if (error.code === 'ENOSPC' || error.code === 'EDQUOT') return fullDisk(dataFolder);
  return FILE_CODES.has(String(error.code)) ? notWritable(path, dataFolder) : undefined;
}

function fullDisk(dataFolder: string): Explanation {
  const message = `The disk of the data folder ${dataFolder} is full: make room and start again.`;
  return { reason: 'checkFailed', code: 'STORAGE_FULL', message };
}

function notWritable(path: string, dataFolder: string): Explanation {
  const what = path === dataFolder ? `The data folder ${path}` : `${path} in the data folder`;
  const message = `${what} cannot be read and written by this user: change its owner or its rights, or ${ANOTHER_FOLDER}.`;
  return { reason: 'usage', code: 'DATA_FOLDER_NOT_WRITABLE', message };
}

const ADDRESS_REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use by another program',
  EACCES: 'may not be listened on by this user',
  EADDRNOTAVAIL: 'is not an address of this machine',
  ENOTFOUND: 'is not known by name',
};

function explainAddress(error: unknown, { host, port, metricsAddress }: Configuration): Explanation | undefined {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return undefined;
  const code = String(error.code);
  const reason = /^(?:listen|bind|getaddrinfo)$/.test(String(error.syscall)) ? ADDRESS_REASONS[code] : undefined;
  if (reason === undefined) return undefined;
  if (metricsAddress !== undefined && isAbout(error, metricsAddress)) {
    const advice =
      'Choose another with --metrics-port <number> and --metrics-host <address> (or SLIPWAY_METRICS_PORT and SLIPWAY_METRICS_HOST).';
    return {
      reason: 'usage',
      code,
      message: `${metricsAddress.host} port ${metricsAddress.port} ${reason}. ${advice}`,
    };
  }
  const advice = 'Choose another with --port <number> and --host <address> (or SLIPWAY_PORT and SLIPWAY_HOST).';
  return { reason: 'usage', code, message: `${host} port ${port} ${reason}. ${advice}` };
}

/** An error has the port, or, where the host is not known, its name. */
function isAbout(error: Error, { host, port }: ListenAddress): boolean {
  return ('port' in error && error.port === port) || ('hostname' in error && error.hostname === host);
}
