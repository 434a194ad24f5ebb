import type { Command } from 'commander';
import type { WireKey } from '../protocol/manage.ts';
import { TOKEN_SCOPES, type TokenScope } from '../protocol/token-scopes.ts';
import type { Cli } from './cli.ts';
import { CommandFailure } from './exit-codes.ts';
import { formatRelative, formatTime } from './human-text.ts';
import { formatMoment, formatTable, print } from './output.ts';
import { parseDuration } from './quantities.ts';
import { readFirstLine } from './read-secret.ts';
import { openClient, type RemoteOptions, remoteCommand } from './remote-command.ts';

interface CreateOptions extends RemoteOptions {
  readonly name?: string;
  readonly expires?: string;
  readonly key?: string;
  readonly scopes?: readonly TokenScope[];
}

/** `slipway key create|list|revoke` */
export function addKeyCommand(program: Command, cli: Cli): void {
  const key = program.command('key').description("create, list and revoke a user's API keys");
  remoteCommand(key, 'create <login>', 'create an API key and print it, once')
    .option('--name <name>', 'what the key is for')
    .option('--expires <when>', 'how long it is valid (90d, 12h) or until when (2027-01-31); for ever when absent')
    .option('--key <value>', 'bring an existing key along: a lower-case UUID, or - to read it from standard input')
    .option('--scopes <scopes>', `make it a token for ${TOKEN_SCOPES.join(', ')}; separated by commas`, parseScopes)
    .action((login: string, options: CreateOptions) => createKey(cli, login, options));
  remoteCommand(key, 'list <login>', 'list the API keys of a user').action((login: string, options: RemoteOptions) =>
    listKeys(cli, login, options),
  );
  remoteCommand(key, 'revoke <login> <key-id>', 'revoke an API key, at once').action(
    (login: string, keyId: string, options: RemoteOptions) => revokeKey(cli, login, keyId, options),
  );
}

async function createKey(cli: Cli, login: string, options: CreateOptions): Promise<void> {
  const expiryDate = options.expires === undefined ? undefined : parseExpiry(options.expires, cli.now());
  const brought = options.key === '-' ? await readFirstLine(cli.stdin) : options.key;
  const client = await openClient(cli, options);
  const created = await client.createKey(login, {
    ...(options.name === undefined ? {} : { Name: options.name }),
    ...(expiryDate === undefined ? {} : { ExpiryDate: expiryDate }),
    ...(brought === undefined ? {} : { Key: brought }),
    ...(options.scopes === undefined ? {} : { Scopes: [...options.scopes] }),
  });
  const validity = expiryDate === undefined ? '' : ` It is valid until ${formatMoment(cli, expiryDate)}.`;
  const note = brought === undefined ? `\nThis is the only time it is shown.${validity}` : validity;
  print(cli, options, created, () => `${created.Key}`);
  if (options.json !== true) cli.stderr.write(`Created the key ${created.KeyId} of ${login}.${note}\n`);
}

async function listKeys(cli: Cli, login: string, options: RemoteOptions): Promise<void> {
  const keys = await (await openClient(cli, options)).listKeys(login);
  print(cli, options, keys, () =>
    formatTable(
      ['key id', 'name', 'state', 'created', 'last used', 'scopes'],
      keys.map((key) => describeKey(key, cli.now())),
      `${login} has no keys. Create one with 'slipway key create ${login}'.`,
    ),
  );
}

async function revokeKey(cli: Cli, login: string, keyId: string, options: RemoteOptions): Promise<void> {
  const answer = await (await openClient(cli, options)).revokeKey(login, keyId);
  print(cli, options, answer, () => `Revoked the key ${keyId} of ${login}.`);
}

function describeKey(key: WireKey, now: number): string[] {
  const lastUsed = key.LastUsedDate === null ? 'never' : formatRelative(key.LastUsedDate, now);
  const scopes = key.Scopes?.join(', ') ?? '';
  return [key.KeyId, key.Name, describeState(key, now), formatTime(key.CreationDate), lastUsed, scopes];
}

function describeState(key: WireKey, now: number): string {
  if (key.Revoked) return 'revoked';
  if (key.ExpiryDate === null) return 'valid';
  return `${key.ExpiryDate <= now ? 'expired' : 'expires'} ${formatRelative(key.ExpiryDate, now)}`;
}

/** @throws CommandFailure for what is no scope */
function parseScopes(text: string): readonly TokenScope[] {
  return text.split(',').map((part) => {
    const scope = TOKEN_SCOPES.find((known) => known === part.trim());
    if (scope !== undefined) return scope;
    const message = `--scopes has '${part.trim()}'; accepted are ${TOKEN_SCOPES.join(', ')}.`;
    throw new CommandFailure('usage', 'BAD_SCOPE', message);
  });
}

/** @throws CommandFailure for what is neither a duration with its unit nor a date */
function parseExpiry(text: string, now: number): number {
  const duration = /^\d+$/.test(text) ? undefined : parseDuration(text);
  const at = duration === undefined ? parseDate(text) : now + duration;
  if (at !== undefined && at > now) return at;
  const message = `--expires is '${text}'; accepted is a duration such as 90d or 12h, or a date to come such as 2027-01-31.`;
  throw new CommandFailure('usage', 'BAD_EXPIRY', message);
}

function parseDate(text: string): number | undefined {
  const at = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? undefined : at;
}
