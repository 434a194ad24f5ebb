import { randomUUID } from 'node:crypto';
import type { BlobStore } from '../blob/blob-store.ts';
import type { Database } from '../database/database.ts';
import { getInstallation, updateInstallation } from '../database/installation.ts';
import type { InstallationRow } from '../database/schema.ts';
import { addMark, bearsMark, isMarked, readOwner, removeMark, removeOwner, writeOwner } from './owner-blobs.ts';

export interface ClaimBlobStoreDeps {
  readonly database: Pick<Database, 'read' | 'transaction'>;
  readonly blobs: BlobStore;
}

/** A blob store is another installation's: each would delete the packages of the other as nobody's. */
export class ForeignBlobStore extends Error {
  override readonly name = 'ForeignBlobStore';
}

/**
 * Makes a blob store that others can reach, too, the one of this database, or sees that it is. To be called before anything
 * is read or deleted there.
 *
 * A copy of a database has the same id. What it does not have is the mark that the store bears since the original renewed
 * it: see {@link renewStoreMark}.
 *
 * @throws ForeignBlobStore; BlobError
 */
export async function claimBlobStore({
  database,
  blobs,
}: {
  readonly database: Pick<Database, 'read'>;
  readonly blobs: BlobStore;
}): Promise<void> {
  let ours = await getInstallation(database.read);
  const owner = (await readOwner(blobs)) ?? (await writeOwner(blobs, ours.id));
  if (owner !== ours.id) {
    throw new ForeignBlobStore(`The blob store is that of the installation ${owner}, not of ${ours.id}.`);
  }
  for (;;) {
    if (await bearsOurMark(blobs, ours)) return;
    // Another process of ours may have renewed it in between.
    const now = await getInstallation(database.read);
    if (now.store_mark === ours.store_mark && now.next_store_mark === ours.next_store_mark) break;
    ours = now;
  }
  throw new ForeignBlobStore(
    `The blob store is that of the database that this one (installation ${ours.id}) is a copy or a former state of.`,
  );
}

async function bearsOurMark(
  blobs: BlobStore,
  { store_mark: mark, next_store_mark: next }: InstallationRow,
): Promise<boolean> {
  // In the order in which they go and come: one that has gone meanwhile has a follower that is there.
  const bearsFormer = mark === null ? !(await isMarked(blobs)) : await bearsMark(blobs, mark);
  return bearsFormer || (next !== null && (await bearsMark(blobs, next)));
}

/**
 * Has the store bear another mark from now on, so that copies of this database that were made before are told from it. One
 * process at a time does so. The database knows of a mark before the store bears it, and the store bears the new one before
 * it loses the former: whoever looks meanwhile, and after a crash, finds one of the two.
 *
 * @throws ForeignBlobStore; BlobError
 */
export async function renewStoreMark(deps: ClaimBlobStoreDeps): Promise<void> {
  const { database, blobs } = deps;
  await claimBlobStore(deps);
  const { store_mark: mark, next_store_mark: unfinished } = await getInstallation(database.read);
  const isHalfDone = unfinished !== null && (await bearsMark(blobs, unfinished));
  if (isHalfDone) await finishMark(deps, mark, unfinished);
  const former = isHalfDone ? unfinished : mark;
  const next = randomUUID();
  await database.transaction((queries) => updateInstallation(queries, { store_mark: former, next_store_mark: next }));
  await addMark(blobs, next);
  await finishMark(deps, former, next);
}

async function finishMark({ database, blobs }: ClaimBlobStoreDeps, former: string | null, next: string): Promise<void> {
  if (former !== null) await removeMark(blobs, former);
  await database.transaction((queries) => updateInstallation(queries, { store_mark: next, next_store_mark: null }));
}

/**
 * Makes a store this database's, whosever it was: for what is left where the former database is lost, and this one was
 * restored. Neither the former one nor any copy of it starts on that store again. To be called while nothing runs on this
 * database. May be begun again after a crash.
 *
 * @returns whose it was; undefined where it was nobody's
 * @throws ForeignBlobStore where another one is taking it over at the same time; BlobError
 */
export async function takeOverBlobStore({ database, blobs }: ClaimBlobStoreDeps): Promise<string | undefined> {
  const former = await readOwner(blobs);
  const id = randomUUID();
  const mark = randomUUID();
  await database.transaction((queries) => updateInstallation(queries, { id, store_mark: null, next_store_mark: mark }));
  await addMark(blobs, mark);
  await removeOwner(blobs);
  const owner = await writeOwner(blobs, id);
  if (owner !== id) throw new ForeignBlobStore(`The blob store became that of the installation ${owner} meanwhile.`);
  await database.transaction((queries) => updateInstallation(queries, { store_mark: mark, next_store_mark: null }));
  return former;
}
