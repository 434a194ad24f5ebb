import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import { fileURLToPath } from 'node:url';
import { createDatabase } from '../../support/create-database.ts';
import { startInTemporaryFolder } from '../../support/postgres-server.ts';
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
  const { server, stop } = await startInTemporaryFolder({ settings: '' });
  bench.after(stop);
  const { SLIPWAY_BLOBS: place = '', ...variables } = await startS3(bench);
  return {
    newDatabase: () => createDatabase(bench, server.urlOf('postgres')),
    blobsAt: (name) => ({ ...variables, SLIPWAY_BLOBS: `${place}${name}/` }),
  };
}

async function startS3(bench: Bench): Promise<Variables> {
  const script = fileURLToPath(new URL('s3-process.ts', import.meta.url));
  const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  bench.after(async () => {
    child.kill();
    await ended;
  });
  for await (const line of createInterface({ input: child.stdout })) return JSON.parse(line);
  throw new Error('The S3 store has not started.');
}
