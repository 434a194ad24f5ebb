import { createDatabase } from '../../support/create-database.ts';
import { startInTemporaryFolder } from '../../support/postgres-server.ts';
import { startS3Child } from '../../support/s3/s3-child.ts';
import type { Bench } from '../row.ts';

export type Variables = Readonly<Record<string, string>>;

/** A PostgreSQL and an S3 store, each with processes of its own, for servers and workers that share them. */
export interface SharedStores {
  /** Makes an empty database. @returns its address */
  newDatabase(): Promise<string>;
  /** What a process needs to keep its packages in the store, below a name of its own. */
  blobsAt(name: string): Variables;
}

/** PostgreSQL as it comes, which waits for its disk; the store is in memory. */
export async function startSharedStores(bench: Bench): Promise<SharedStores> {
  const { server, stop } = await startInTemporaryFolder('');
  bench.after(stop);
  const { s3 } = await startS3Child(bench);
  const { SLIPWAY_BLOBS: place = '', ...variables } = s3.variables;
  return {
    newDatabase: () => createDatabase(bench, server.urlOf('postgres')),
    blobsAt: (name) => ({ ...variables, SLIPWAY_BLOBS: `${place}${name}/` }),
  };
}
