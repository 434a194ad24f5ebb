import type { Command } from 'commander';
import type { Cli } from './cli.ts';
import { print } from './output.ts';
import { openClient, type RemoteOptions, remoteCommand } from './remote-command.ts';

/** `slipway grant|revoke <login> <app>`: API Rights. */
export function addRightsCommands(program: Command, cli: Cli): void {
  remoteCommand(program, 'grant <login> <app>', 'give a user API Rights to an app').action(
    async (login: string, app: string, options: RemoteOptions) => {
      const answer = await (await openClient(cli, options)).grantApiRights(app, login);
      print(cli, options, answer, () => `${login} has API Rights to ${app}.`);
    },
  );
  remoteCommand(program, 'revoke <login> <app>', 'take API Rights to an app away from a user').action(
    async (login: string, app: string, options: RemoteOptions) => {
      const answer = await (await openClient(cli, options)).revokeApiRights(app, login);
      print(cli, options, answer, () => `${login} has no API Rights to ${app} any more.`);
    },
  );
}
