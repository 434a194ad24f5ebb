import { startInTemporaryFolder } from './postgres-server.ts';

let stop: (() => Promise<void>) | undefined;

/** Called once before all test files: starts what they share, where the environment does not name one. */
export async function globalSetup(): Promise<void> {
  if (process.env.DATABASE_URL !== undefined) return;
  const started = await startInTemporaryFolder();
  stop = started.stop;
  process.env.DATABASE_URL = started.server.urlOf('postgres');
}

/** Called once after all of them. */
export async function globalTeardown(): Promise<void> {
  await stop?.();
}
