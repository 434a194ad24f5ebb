import type { Cli } from '../cli/cli.ts';
import { findConnection } from '../cli/credentials.ts';
import { CommandFailure } from '../cli/exit-codes.ts';
import { createClient } from '../protocol/client.ts';
import { ClientError } from '../protocol/client-error.ts';
import type { Finding } from './finding.ts';

const TIMEOUT_MS = 5000;

/** Whether the server that commands would speak to answers, and knows the credentials. */
export async function checkServer(cli: Cli): Promise<Finding> {
  const name = 'server';
  try {
    const connection = await findConnection(cli, {});
    const user = await createClient({ ...connection, timeoutMs: TIMEOUT_MS, signal: cli.signal }).me();
    return { name, state: 'ok', found: `${connection.url} answers, and knows you as ${user.Login}` };
  } catch (error) {
    if (error instanceof CommandFailure) return { name, state: 'note', found: 'none is named', advice: error.message };
    if (!(error instanceof ClientError)) throw error;
    const advice = "Check SLIPWAY_URL and the credentials, or run 'slipway login <url>' again.";
    return { name, state: 'missing', found: error.message, advice };
  }
}
