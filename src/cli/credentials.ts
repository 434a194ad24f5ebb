import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Connection } from '../protocol/http-call.ts';
import type { Cli } from './cli.ts';
import { CommandFailure } from './exit-codes.ts';

/** What `--url`, `--username` and `--api-key` said. */
export interface ConnectionFlags {
  readonly url?: string;
  readonly username?: string;
  readonly apiKey?: string;
}

/** What the credentials file holds. */
interface StoredCredentials {
  /** The server used when none is named. */
  readonly current: string;
  readonly servers: Readonly<Record<string, { readonly username: string; readonly apiKey: string }>>;
}

/**
 * Finds address and credentials: flag, then environment, then `slipway login`. What was stored for one server is never
 * sent to another.
 *
 * @throws CommandFailure that says what to do, where something is missing
 */
export async function findConnection(cli: Cli, flags: ConnectionFlags): Promise<Connection> {
  const stored = await readCredentials(cli.credentialsFile);
  const { SLIPWAY_URL, SLIPWAY_USERNAME, SLIPWAY_API_KEY } = cli.variables;
  const url = flags.url || SLIPWAY_URL || stored?.current;
  if (url === undefined) throw new CommandFailure('usage', 'NO_SERVER', NO_SERVER);
  const known = stored?.servers[normaliseUrl(url)];
  const username = flags.username || SLIPWAY_USERNAME || known?.username;
  const apiKey = flags.apiKey || SLIPWAY_API_KEY || (username === known?.username ? known?.apiKey : undefined);
  if (username === undefined || apiKey === undefined) {
    throw new CommandFailure('notAuthorised', 'NO_CREDENTIALS', noCredentials(url));
  }
  return { url, username, apiKey };
}

/** Remembers the credentials for a server, which becomes the current one; readable by this user alone. */
export async function storeCredentials(
  file: string,
  connection: { readonly url: string; readonly username: string; readonly apiKey: string },
): Promise<void> {
  const stored = await readCredentials(file);
  const current = normaliseUrl(connection.url);
  const { username, apiKey } = connection;
  const content: StoredCredentials = { current, servers: { ...stored?.servers, [current]: { username, apiKey } } };
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const temporary = `${file}.${process.pid}`;
  await writeFile(temporary, `${JSON.stringify(content, undefined, 2)}\n`, { mode: 0o600 });
  await chmod(temporary, 0o600);
  await rename(temporary, file);
}

async function readCredentials(file: string): Promise<StoredCredentials | undefined> {
  try {
    const content = JSON.parse(await readFile(file, 'utf8'));
    return typeof content?.servers === 'object' ? content : undefined;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    const message = `${file} cannot be read (${String(error)}). Run 'slipway login' again after removing it.`;
    throw new CommandFailure('usage', 'BAD_CREDENTIALS_FILE', message, { cause: error });
  }
}

function normaliseUrl(url: string): string {
  return (URL.parse(url)?.href ?? url).replace(/\/+$/, '');
}

const NO_SERVER =
  "No server is named. Run 'slipway login <url>' once, or give --url (SLIPWAY_URL), --username (SLIPWAY_USERNAME) and " +
  '--api-key (SLIPWAY_API_KEY). A server on this machine is usually at http://127.0.0.1:4400.';

function noCredentials(url: string): string {
  return (
    `There are no credentials for ${url}. Run 'slipway login ${url}' once, or give --username (SLIPWAY_USERNAME) and ` +
    "--api-key (SLIPWAY_API_KEY). 'slipway serve' writes the key of its first user, admin, to admin.key in its data folder."
  );
}
