import type { Command } from 'commander';
import { type Client, createClient } from '../protocol/client.ts';
import type { Cli } from './cli.ts';
import { type ConnectionFlags, findConnection } from './credentials.ts';

/** The options that every command has which calls a server. */
export interface RemoteOptions extends ConnectionFlags {
  readonly json?: boolean;
}

/** Under which the help lists them, last. */
export const COMMON_OPTIONS = 'Options of every command that calls a server:';

/** Adds a command that calls a server. @param usage its name and arguments, as commander reads them */
export function remoteCommand(parent: Command, usage: string, summary: string): Command {
  return parent
    .command(usage)
    .description(summary)
    .optionsGroup(COMMON_OPTIONS)
    .option('--json', 'print JSON for programs; errors too, on standard error')
    .option('--url <url>', 'address of the server (or SLIPWAY_URL)')
    .option('--username <login>', 'who is asking (or SLIPWAY_USERNAME)')
    .option('--api-key <key>', 'API key of that user (or SLIPWAY_API_KEY, which is not seen in lists of processes)')
    .optionsGroup('Options:');
}

/** A client with the address and the credentials that were given. @throws CommandFailure where some are missing */
export async function openClient(cli: Cli, flags: ConnectionFlags): Promise<Client> {
  return createClient({ ...(await findConnection(cli, flags)), signal: cli.signal });
}
