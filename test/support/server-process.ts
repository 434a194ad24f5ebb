import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Credentials } from './server.ts';
import { type SlipwayProcess, startSlipwayProcess } from './slipway-process.ts';

export interface ServerProcess extends SlipwayProcess {
  readonly url: string;
  readonly admin: Credentials;
}

/** What a server prints with its address. */
export const SERVER_URL = /https?:\/\/127\.0\.0\.1:\d+/;

/**
 * Starts `slipway serve` on a free port and waits until it serves.
 *
 * @throws Error with what it printed, when it ends instead
 */
export async function startServerProcess(
  dataFolder: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<ServerProcess> {
  const args = ['serve', '--port', '0', '--data', dataFolder];
  const started = await startSlipwayProcess(args, environment, SERVER_URL);
  const apiKey = (await readFile(join(dataFolder, 'admin.key'), 'utf8')).trim();
  return { ...started, url: started.ready, admin: { username: 'admin', apiKey } };
}
