import { type Command, Option } from 'commander';
import { CREDENTIALS_KINDS, type CredentialsKind, type SetCredentials } from '../protocol/secrets.ts';
import type { Cli } from './cli.ts';
import { CommandFailure } from './exit-codes.ts';
import { formatFields, print } from './output.ts';
import { readGivenFile, readSecret } from './read-secret.ts';
import { openClient, type RemoteOptions, remoteCommand } from './remote-command.ts';

interface SetOptions extends RemoteOptions {
  readonly kind: CredentialsKind;
  readonly user?: string;
  readonly file?: string;
  readonly knownHosts?: string;
}

/** `slipway app credentials set|show|remove`: what the repository of an app asks for. */
export function addCredentialsCommand(parent: Command, cli: Cli): void {
  const credentials = parent.command('credentials').description('what the repository of an app asks for');
  remoteCommand(
    credentials,
    'set <app>',
    'give an app a password, a token or an ssh key, which comes from standard input',
  )
    .addOption(new Option('--kind <kind>', 'what it is').choices(CREDENTIALS_KINDS).makeOptionMandatory())
    .option('--user <name>', 'name at the host; needed with a password')
    .option('--file <file>', 'read it from a file instead')
    .option('--known-hosts <file>', "with an ssh key: keys of the host, as in known_hosts (default: the server's own)")
    .action((app: string, options: SetOptions) => setCredentials(cli, app, options));
  remoteCommand(
    credentials,
    'show <app>',
    'show the kind of the credentials of an app, and the name of the user',
  ).action((app: string, options: RemoteOptions) => showCredentials(cli, app, options));
  remoteCommand(credentials, 'remove <app>', 'take the credentials of an app away').action(
    async (app: string, options: RemoteOptions) => {
      const answer = await (await openClient(cli, options)).removeCredentials(app);
      print(cli, options, answer, () => `The app ${app} has no credentials of its own any more.`);
    },
  );
}

async function setCredentials(cli: Cli, app: string, options: SetOptions): Promise<void> {
  if (options.kind === 'password' && options.user === undefined) {
    throw new CommandFailure(
      'usage',
      'MISSING',
      'The name that belongs to the password is missing: give it with --user.',
    );
  }
  const client = await openClient(cli, options);
  const answer = await client.setCredentials(app, await readCredentials(cli, options));
  print(cli, options, answer, () => `The app ${app} has credentials for its repository (${options.kind}).`);
}

async function readCredentials(cli: Cli, options: SetOptions): Promise<SetCredentials> {
  const { kind: Kind, user, file } = options;
  const username = user === undefined ? {} : { Username: user };
  if (Kind === 'password') return { Kind, ...username, Password: await readSecret(cli, file, 'Password: ') };
  if (Kind === 'token') return { Kind, ...username, Token: await readSecret(cli, file, 'Token: ') };
  return {
    Kind,
    PrivateKey: await readPrivateKey(cli, file),
    ...(options.knownHosts === undefined ? {} : { KnownHosts: await readGivenFile(cli, options.knownHosts) }),
  };
}

/** A key has many lines: nobody types it. */
async function readPrivateKey(cli: Cli, file: string | undefined): Promise<string> {
  if (file !== undefined || cli.stdin.isTTY !== true) return await readSecret(cli, file, '');
  throw new CommandFailure('usage', 'MISSING', 'The private key is missing: give it on standard input or with --file.');
}

async function showCredentials(cli: Cli, app: string, options: RemoteOptions): Promise<void> {
  const credentials = await (await openClient(cli, options)).getCredentials(app);
  const { Kind, Username } = credentials;
  print(cli, options, credentials, () =>
    Kind === null
      ? `The app ${app} has no credentials of its own. Set some with 'slipway app credentials set ${app}'.`
      : formatFields({ Kind, User: Username ?? undefined }),
  );
}
