/*
 * What Node's file system leaves to be said again and again. This folder knows nothing of what the files are for.
 */

/** The name that Node.js gives to an error of the operating system, such as `ENOENT`; undefined for any other error. */
export function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

/** Waits for something that is done with a file. @returns undefined where the file is not there */
export async function ifThere<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
