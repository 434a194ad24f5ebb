import type { Command } from 'commander';
import type { WireUser } from '../protocol/manage.ts';
import type { Cli } from './cli.ts';
import { formatTime } from './human-text.ts';
import { formatTable, print } from './output.ts';
import { openClient, type RemoteOptions, remoteCommand } from './remote-command.ts';

interface CreateOptions extends RemoteOptions {
  readonly name?: string;
  readonly admin?: boolean;
}

/** `slipway user create|list|disable` */
export function addUserCommand(program: Command, cli: Cli): void {
  const user = program.command('user').description('create, list and disable users');
  remoteCommand(user, 'create <login>', 'create a user')
    .option('--name <name>', 'display name: the Creator of packages (default: the login)')
    .option('--admin', 'may manage apps, users, keys and rights')
    .action((login: string, options: CreateOptions) => createUser(cli, login, options));
  remoteCommand(user, 'list', 'list users').action((options: RemoteOptions) => listUsers(cli, options));
  remoteCommand(user, 'disable <login>', 'disable a user: none of its keys work any more').action(
    (login: string, options: RemoteOptions) => disableUser(cli, login, options),
  );
}

async function createUser(cli: Cli, login: string, options: CreateOptions): Promise<void> {
  const client = await openClient(cli, options);
  const user = await client.createUser({
    Login: login,
    ...(options.name === undefined ? {} : { Name: options.name }),
    ...(options.admin === undefined ? {} : { Admin: options.admin }),
  });
  const next = `Give it a key with 'slipway key create ${user.Login}' and rights with 'slipway grant ${user.Login} <app>'.`;
  print(cli, options, user, () => `Created the user ${user.Login} (${user.Name}).\n${next}`);
}

async function listUsers(cli: Cli, options: RemoteOptions): Promise<void> {
  const users = await (await openClient(cli, options)).listUsers();
  print(cli, options, users, () =>
    formatTable(
      ['login', 'name', 'rights', 'created'],
      users.map((user) => [user.Login, user.Name, describeRights(user), formatTime(user.CreationDate)]),
      'There are no users.',
    ),
  );
}

async function disableUser(cli: Cli, login: string, options: RemoteOptions): Promise<void> {
  const answer = await (await openClient(cli, options)).disableUser(login);
  print(cli, options, answer, () => `Disabled the user ${login}.`);
}

function describeRights(user: WireUser): string {
  if (user.Disabled) return 'disabled';
  return user.Admin ? 'admin' : '';
}
