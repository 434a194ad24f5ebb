import { createMigrated } from './create-database.ts';
import { startInTemporaryFolder } from './postgres-server.ts';
import { IS_SHARED } from './shape.ts';

const works: (() => unknown)[] = [];
const run = { after: (work: () => unknown) => void works.unshift(work) };

/** Called once before all test files: starts what they share, where the environment does not name one. */
export async function globalSetup(): Promise<void> {
  if (process.env.DATABASE_URL === undefined) {
    const { server, stop } = await startInTemporaryFolder();
    run.after(stop);
    process.env.DATABASE_URL = server.urlOf('postgres');
  }
  if (IS_SHARED) process.env.SLIPWAY_TEST_MIGRATED = await createMigrated(run, process.env.DATABASE_URL);
}

/** Called once after all of them. */
export async function globalTeardown(): Promise<void> {
  for (const work of works) await work();
}
