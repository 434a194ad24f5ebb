import { randomUUID } from 'node:crypto';
import { access, mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** A repository with the sample history, and what to build of it. */
export interface Sample {
  readonly path: string;
  /** How a build names the main line. */
  readonly mainBranch: string;
  /** The head of the main line. */
  readonly mainRevision: string;
  /** The head of the branch `feature`. */
  readonly featureRevision: string;
}

/** Where the programs of version control are found (PATH), and what their HOME is. */
export interface SampleEnvironment {
  readonly path: string;
  readonly home: string;
}

/**
 * Makes a folder where there is none yet: whole or not at all.
 *
 * @param make fills a folder that is not there, beside the place where it goes
 */
export async function makeOnce(path: string, make: (unfinished: string) => Promise<unknown>): Promise<void> {
  if (await exists(path)) return;
  const unfinished = `${path}.new-${randomUUID()}`;
  await mkdir(dirname(path), { recursive: true });
  try {
    await make(unfinished);
    await rename(unfinished, path);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
