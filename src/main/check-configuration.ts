import { access, constants, mkdtemp, rm, statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import type { Cli } from '../cli/cli.ts';
import { formatSize } from '../cli/human-text.ts';
import type { Configuration } from './configuration.ts';
import type { Finding } from './finding.ts';
import { ConfigurationError } from './load-configuration.ts';
import { readServeOptions, type ServeOptions } from './serve-options.ts';

const LITTLE_SPACE_BYTES = 1024 ** 3;
const NO_SPACE_BYTES = 100 * 1024 ** 2;

export async function checkConfiguration(
  cli: Cli,
  options: ServeOptions,
): Promise<{ readonly finding: Finding; readonly configuration: Configuration | undefined }> {
  const name = 'configuration';
  try {
    const configuration = await readServeOptions(cli, options);
    return { finding: { name, state: 'ok', found: 'valid' }, configuration };
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    const advice = error.mistakes.join(`\n${' '.repeat(17)}`);
    return { finding: { name, state: 'missing', found: 'has mistakes', advice }, configuration: undefined };
  }
}

/** Whether the folder, or the nearest one above it that is there, can be written to. */
export async function checkDataFolder(folder: string): Promise<Finding> {
  const name = 'data folder';
  const existing = await nearestExisting(folder);
  try {
    await rm(await mkdtemp(join(existing, '.slipway-doctor-')), { recursive: true });
    const found = existing === folder ? `${folder} can be written` : `${folder} is not there yet and can be made`;
    return { name, state: 'ok', found };
  } catch (error) {
    const advice = `Let this user write to ${existing}, or choose another folder with --data (SLIPWAY_DATA).`;
    return { name, state: 'missing', found: `${existing} cannot be written (${codeOf(error)})`, advice };
  }
}

export async function checkDiskSpace(folder: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(await nearestExisting(folder));
  const freeBytes = bavail * bsize;
  const finding = { name: 'disk space', found: `${formatSize(freeBytes)} free for ${folder}` };
  if (freeBytes >= LITTLE_SPACE_BYTES) return { ...finding, state: 'ok' };
  const state = freeBytes < NO_SPACE_BYTES ? 'missing' : 'note';
  return { ...finding, state, advice: 'Make room, or choose a folder on a larger disk with --data (SLIPWAY_DATA).' };
}

/** Whether the address can be listened on. A port that is in use is no fault where Slipway itself uses it. */
export async function checkPort({ host, port }: Configuration): Promise<Finding> {
  const name = 'port';
  const code = await tryListening(host, port);
  if (code === undefined) return { name, state: 'ok', found: `${host} port ${port} is free` };
  const advice = 'Fine if that is Slipway itself; else choose another with --port (SLIPWAY_PORT).';
  if (code === 'EADDRINUSE') return { name, state: 'note', found: `${host} port ${port} is in use`, advice };
  const remedy = 'Choose another with --host and --port (SLIPWAY_HOST, SLIPWAY_PORT).';
  return { name, state: 'missing', found: `${host} port ${port} cannot be listened on (${code})`, advice: remedy };
}

function tryListening(host: string, port: number): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const server = createServer();
  server.once('error', (error) => resolve(codeOf(error)));
  server.listen(port, host, () => server.close(() => resolve(undefined)));
  return promise;
}

async function nearestExisting(folder: string): Promise<string> {
  try {
    await access(folder, constants.F_OK);
    return folder;
  } catch {
    return dirname(folder) === folder ? folder : nearestExisting(dirname(folder));
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
