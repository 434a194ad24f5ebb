import { setTimeout } from 'node:timers/promises';
import type { BlobStore } from '../blob/blob-store.ts';
import { CommandFailure } from '../cli/exit-codes.ts';
import type { Queries } from '../database/database.ts';
import { listMigrations, missingMigrations, unknownMigrations } from '../database/migrate.ts';
import { findMove, insertMove, updateMove } from '../database/moves.ts';
import { findAnyPackage } from '../database/packages.ts';
import { emptyTables } from '../database/postgres/fill-tables.ts';
import { listOtherSlipways } from '../database/postgres/look-around.ts';
import type { SharedDatabase } from '../database/postgres/postgres-database.ts';
import { hasRows } from '../database/read-rows.ts';
import type { MoveRow } from '../database/schema.ts';
import { findUser } from '../database/users.ts';
import { packageOfBlobKey } from '../domain/blob-key.ts';
import { parseLogin } from '../domain/identifiers.ts';

/** What is to be moved. */
export interface MoveSource extends Pick<MoveRow, 'source' | 'place' | 'digest'> {
  readonly queries: Queries;
}

/** `new`; `resumed` where some of it is there; `renewed` where the source has changed since; `finished` long ago. */
export type MoveState = 'new' | 'resumed' | 'renewed' | 'finished';

/** What tells a data folder from all others. @throws CommandFailure where its database is none that this program moves */
export async function identifySource(queries: Queries, dataFolder: string): Promise<string> {
  const migrations = await listMigrations(queries).catch(() => []);
  const [unknown] = unknownMigrations(migrations);
  if (unknown !== undefined) {
    const text = `The database in ${dataFolder} is of a newer version of Slipway (${unknown}): move it with that version.`;
    throw new CommandFailure('usage', 'DATABASE_TOO_NEW', text);
  }
  const admin = missingMigrations(migrations).length > 0 ? undefined : await findUser(queries, parseLogin('admin'));
  if (admin !== undefined) return admin.id;
  const message = `The database in ${dataFolder} is of an older version, or no server has ever started on it: start one of this version on the folder, stop it, and run this again.`;
  throw new CommandFailure('usage', 'DATABASE_TOO_OLD', message);
}

/**
 * Makes a database and a store the target of a move, or finds that they are it already: from then on, no server starts on
 * them before it is finished. Rows that are there and are not those of the source any more are deleted.
 *
 * @throws CommandFailure where there is anything of somebody else's, or somebody is at work
 */
export async function beginMove(
  { queries, ...source }: MoveSource,
  target: SharedDatabase,
  blobs: Pick<BlobStore, 'list'>,
): Promise<MoveState> {
  if ((await findMove(target.read)) === undefined) await refuseForeignBlobs(queries, blobs);
  const state = await target.transaction(async (write): Promise<MoveState> => {
    const move = await findMove(write);
    if (move === undefined) {
      if (await hasRows(write)) throw notEmpty();
      await insertMove(write, { ...source, began_at: target.now(), finished_at: null });
      return 'new';
    }
    if (move.source !== source.source) throw anotherSource(move);
    if (move.finished_at !== null) {
      if (move.digest !== source.digest) throw movedBefore(source.place, move.finished_at);
      return 'finished';
    }
    if (move.digest === source.digest) return 'resumed';
    await emptyTables(write);
    await updateMove(write, source.source, { digest: source.digest });
    return 'renewed';
  });
  if (state !== 'finished') await refuseOthers(target.read);
  return state;
}

/** How many blobs are looked at: where the first so many are all somebody else's, so is the place. */
const LOOKED_AT = 1000;

/** A server deletes what no package of its own speaks of: rather the wrong bucket than the end of somebody's packages. */
async function refuseForeignBlobs(queries: Queries, blobs: Pick<BlobStore, 'list'>): Promise<void> {
  let foreign = 0;
  for await (const key of blobs.list()) {
    const id = packageOfBlobKey(key);
    if (id !== undefined && (await findAnyPackage(queries, id)) !== undefined) return;
    foreign += 1;
    if (foreign === LOOKED_AT) break;
  }
  if (foreign === 0) return;
  const message = `The place that --blobs names holds ${foreign === LOOKED_AT ? 'many' : foreign} blobs that are of no package in this data folder: name an empty bucket, or a prefix of its own. Nothing was moved.`;
  throw new CommandFailure('usage', 'STORE_NOT_EMPTY', message);
}

/** A connection of a process that was killed is there for a moment still. */
const PATIENCE_MS = 10_000;
const PAUSE_MS = 200;

async function refuseOthers(queries: Queries): Promise<void> {
  const ends = performance.now() + PATIENCE_MS;
  for (;;) {
    const others = await listOtherSlipways(queries);
    if (others.length === 0) return;
    if (performance.now() >= ends) throw inUse(others);
    await setTimeout(PAUSE_MS);
  }
}

function notEmpty(): CommandFailure {
  const message =
    'The database that --to names is not empty: a server has started on it. Name an empty one; nothing was moved.';
  return new CommandFailure('usage', 'DATABASE_NOT_EMPTY', message);
}

function anotherSource({ place, began_at, finished_at }: MoveRow): CommandFailure {
  const day = new Date(began_at).toISOString();
  const what =
    finished_at === null
      ? `the move of ${place} has begun, on ${day}, and is not finished`
      : `${place} was moved before`;
  const message = `Into the database that --to names, ${what}: name an empty database for this data folder.`;
  return new CommandFailure('usage', 'ANOTHER_MOVE', message);
}

function movedBefore(place: string, at: number): CommandFailure {
  const message = `${place} was moved into this database on ${new Date(at).toISOString()} and has changed since: what came later cannot be added. Name an empty database to move all of it there.`;
  return new CommandFailure('usage', 'MOVED_ALREADY', message);
}

function inUse(names: readonly string[]): CommandFailure {
  const message = `Others are connected to the database that --to names (${names.join(', ')}): stop every server and worker there, and other moves, and run this again.`;
  return new CommandFailure('usage', 'DATABASE_IN_USE', message);
}
