import type { Command } from 'commander';
import { createClient } from '../protocol/client.ts';
import type { Cli } from './cli.ts';
import { storeCredentials } from './credentials.ts';
import { CommandFailure } from './exit-codes.ts';
import { print } from './output.ts';
import { ask, askSecret, readFirstLine } from './read-secret.ts';
import { type RemoteOptions, remoteCommand } from './remote-command.ts';

/** `slipway login [url]`: remembers a server and its credentials, once they are known to work. */
export function addLoginCommand(program: Command, cli: Cli): void {
  remoteCommand(
    program,
    'login [url]',
    'remember a server and your credentials for it; the key comes from standard input',
  ).action((url: string | undefined, options: RemoteOptions) => login(cli, url ?? options.url, options));
}

async function login(cli: Cli, givenUrl: string | undefined, options: RemoteOptions): Promise<void> {
  const url = givenUrl || cli.variables.SLIPWAY_URL;
  if (url === undefined) throw missing('the address of the server', 'slipway login <url>');
  const username = options.username || cli.variables.SLIPWAY_USERNAME || (await askUsername(cli));
  const apiKey = options.apiKey || cli.variables.SLIPWAY_API_KEY || (await readKey(cli, username));
  if (username === '' || apiKey === '') throw missing('login name and API key', '--username and standard input');
  const user = await createClient({ url, username, apiKey, signal: cli.signal }).me();
  await storeCredentials(cli.credentialsFile, { url, username, apiKey });
  print(
    cli,
    options,
    user,
    () => `Logged in to ${url} as ${user.Login} (${user.Name}). Kept in ${cli.credentialsFile}.`,
  );
}

async function askUsername(cli: Cli): Promise<string> {
  if (cli.stdin.isTTY !== true) throw missing('your login name', '--username');
  return await ask(cli, 'Login name: ');
}

function readKey(cli: Cli, username: string): Promise<string> {
  return cli.stdin.isTTY === true ? askSecret(cli, `API key of ${username}: `) : readFirstLine(cli.stdin);
}

function missing(what: string, how: string): CommandFailure {
  return new CommandFailure(
    'usage',
    'MISSING',
    `${what[0]?.toUpperCase()}${what.slice(1)} is missing: give it with ${how}.`,
  );
}
