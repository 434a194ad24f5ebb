import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { parseDuration } from '../../src/cli/quantities.ts';
import { getSetting, SETTING_NAMES } from '../../src/main/settings.ts';

/** The folder of the checkout. */
export const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url));

/** The user that the image runs as. */
export const IMAGE_USER = 10_001;

/** What bubblewrap and what gives a sandbox its network ask of the kernel, beyond what every program does. Seen with strace. */
export const SANDBOX_CALLS = ['clone', 'mount', 'pivot_root', 'seccomp', 'sethostname', 'setns', 'umount2', 'unshare'];

/** @param path below `deploy/` */
export function readDeployFile(path: string): Promise<string> {
  return readFile(join(CHECKOUT, 'deploy', path), 'utf8');
}

/** Paths below `deploy/`, sorted. */
export async function listDeployFiles(pattern: string): Promise<readonly string[]> {
  return (await Array.fromAsync(glob(pattern, { cwd: join(CHECKOUT, 'deploy') }))).toSorted();
}

// biome-ignore lint/suspicious/noExplicitAny: a test looks into documents of every shape
export function parseDocuments(text: string): readonly any[] {
  return parseAllDocuments(text, { merge: true }).map((document) => {
    for (const mistake of [...document.errors, ...document.warnings]) throw mistake;
    return document.toJS();
  });
}

/** Those of a text that begin with `SLIPWAY_` and are no variables of a setting. */
export function unknownVariables(text: string): readonly string[] {
  const known = new Set(SETTING_NAMES.flatMap((name) => getSetting(name).variables));
  return [...new Set(text.match(/\bSLIPWAY_[A-Z0-9_]+/g))].filter((name) => !known.has(name));
}

/** @throws Error where it is none */
export function toMilliseconds(duration: string): number {
  const milliseconds = parseDuration(duration);
  if (milliseconds === undefined) throw new Error(`'${duration}' is no duration.`);
  return milliseconds;
}
