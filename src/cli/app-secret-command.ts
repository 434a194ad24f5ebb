import type { Command } from 'commander';
import type { Cli } from './cli.ts';
import { formatMoment, formatTable, print } from './output.ts';
import { readSecret } from './read-secret.ts';
import { openClient, type RemoteOptions, remoteCommand } from './remote-command.ts';

interface SetOptions extends RemoteOptions {
  readonly file?: string;
}

/** `slipway app secret set|list|remove`: environment variables of an app's builds that nobody may see. */
export function addSecretCommand(parent: Command, cli: Cli): void {
  const secret = parent.command('secret').description('environment variables of builds that nobody may see');
  remoteCommand(secret, 'set <app> <name>', 'keep a secret for the builds of an app; it comes from standard input')
    .option('--file <file>', 'read it from a file instead')
    .action((app: string, name: string, options: SetOptions) => setSecret(cli, app, name, options));
  remoteCommand(secret, 'list <app>', 'list the names of the secrets of an app').action(
    (app: string, options: RemoteOptions) => listSecrets(cli, app, options),
  );
  remoteCommand(secret, 'remove <app> <name>', 'forget a secret of an app').action(
    async (app: string, name: string, options: RemoteOptions) => {
      const answer = await (await openClient(cli, options)).removeSecret(app, name);
      print(cli, options, answer, () => `The app ${app} has no secret ${name} any more.`);
    },
  );
}

async function setSecret(cli: Cli, app: string, name: string, options: SetOptions): Promise<void> {
  const client = await openClient(cli, options);
  const answer = await client.setSecret(app, name, await readSecret(cli, options.file, `${name}: `));
  print(cli, options, answer, () => `The builds of ${app} get the secret ${name}.`);
}

async function listSecrets(cli: Cli, app: string, options: RemoteOptions): Promise<void> {
  const secrets = await (await openClient(cli, options)).listSecrets(app);
  print(cli, options, secrets, () =>
    formatTable(
      ['name', 'changed'],
      secrets.map(({ Name, ChangeDate }) => [Name, formatMoment(cli, ChangeDate)]),
      `The app ${app} has no secrets. Set one with 'slipway app secret set ${app} <name>'.`,
    ),
  );
}
