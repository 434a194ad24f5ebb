import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Client } from '../protocol/client.ts';
import { RIGHT_WORDS, RIGHTS, type Right, USUAL_RIGHTS, type WirePermissions } from '../protocol/permissions.ts';
import type { Cli } from './cli.ts';
import { CommandFailure } from './exit-codes.ts';
import { formatTable, print } from './output.ts';
import { openClient, type RemoteOptions, remoteCommand } from './remote-command.ts';

interface RightsOptions extends RemoteOptions {
  readonly environment?: string;
  readonly rights?: readonly Right[];
}

interface RevokeOptions extends RightsOptions {
  readonly reset?: boolean;
}

/** `slipway grant|revoke <login> <app>`, `slipway permissions <app>` */
export function addRightsCommands(program: Command, cli: Cli): void {
  remoteCommand(program, 'grant <login> <app>', 'give a user rights on an app, or on one environment of it')
    .option('--environment <mode>', 'give them there alone (default: on every environment that has none of its own)')
    .addOption(rightsOption('which rights', USUAL_RIGHTS.join(',')))
    .action((login: string, app: string, options: RightsOptions) => grant(cli, login, app, options));
  remoteCommand(program, 'revoke <login> <app>', 'take rights on an app, or on one environment of it, from a user')
    .option('--environment <mode>', 'take them there alone (default: everywhere)')
    .addOption(rightsOption('which rights', 'all'))
    .option('--reset', 'with --environment: what was given on the whole app holds there again')
    .action((login: string, app: string, options: RevokeOptions) => revoke(cli, login, app, options));
  remoteCommand(program, 'permissions <app>', 'show who may do what on an app')
    .option('--environment <mode>', 'what holds there (default: as it was given)')
    .action((app: string, options: RightsOptions) => showPermissions(cli, app, options));
}

function rightsOption(description: string, otherwise: string): Option {
  const words = `${description}, with commas between: ${RIGHT_WORDS.join(', ')} (default: ${otherwise})`;
  return new Option('--rights <list>', words).argParser(parseRights);
}

/** @throws InvalidArgumentError naming the first that there is not */
function parseRights(list: string): Right[] {
  const words = list.trim().split(/[\s,]+/);
  return words.map((word) => {
    const right = RIGHT_WORDS.find((known) => known === word.toLowerCase());
    if (right !== undefined) return right;
    throw new InvalidArgumentError(`'${word}' is not a right: use ${RIGHT_WORDS.join(', ')}.`);
  });
}

async function grant(cli: Cli, login: string, app: string, options: RightsOptions): Promise<void> {
  const { environment, rights = USUAL_RIGHTS } = options;
  const client = await openClient(cli, options);
  const answer = await client.changePermissions(at(app, login, environment), { Grant: [...rights] });
  const note = environment === undefined && rights.includes('api') ? PRODUCTION_NOTE : '';
  print(cli, options, answer, () => {
    const done = `Gave ${login} ${nameRights(rights)} on ${placeOf(app, environment)}.${note}`;
    return `${done}\n\n${describePermissions(answer)}`;
  });
}

const PRODUCTION_NOTE = ' API Rights reach Production only with --environment.';

async function revoke(cli: Cli, login: string, app: string, options: RevokeOptions): Promise<void> {
  const { environment, rights } = options;
  if (options.reset === true && (environment === undefined || rights !== undefined)) {
    throw new CommandFailure('usage', 'USAGE', '--reset goes with --environment, and without --rights.');
  }
  const answer = await takeRights(await openClient(cli, options), at(app, login, environment), options);
  print(cli, options, answer, () => {
    const what = rights === undefined ? 'all rights' : nameRights(rights);
    const done =
      options.reset === true
        ? `What ${login} was given on ${app} holds on ${environment} again.`
        : `Took ${what} on ${placeOf(app, environment)} from ${login}.`;
    return answer.Permissions.length === 0 ? done : `${done}\n\n${describePermissions(answer)}`;
  });
}

function takeRights(
  client: Client,
  whose: ReturnType<typeof at>,
  { rights, reset }: RevokeOptions,
): Promise<WirePermissions> {
  if (rights !== undefined) return client.changePermissions(whose, { Revoke: [...rights] });
  const goes = whose.environment === undefined || reset === true;
  return goes ? client.removePermissions(whose) : client.setPermissions(whose, []);
}

function at(app: string, login: string, environment: string | undefined) {
  return { app, login, ...(environment !== undefined && { environment }) };
}

async function showPermissions(cli: Cli, app: string, options: RightsOptions): Promise<void> {
  const answer = await (await openClient(cli, options)).listPermissions(app, options.environment);
  print(cli, options, answer, () => {
    const contact = answer.TechnicalContact ?? 'nobody';
    return `${describePermissions(answer)}\n\nTechnical Contact: ${contact}. Admins may do everything.`;
  });
}

function describePermissions({ Permissions }: WirePermissions): string {
  return formatTable(
    ['login', 'environment', 'rights'],
    Permissions.map(({ Login, Environment, Rights }) => [
      Login,
      Environment ?? 'every other',
      Rights.length === 0 ? 'none' : Rights.join(', '),
    ]),
    'Nobody was given rights.',
  );
}

function placeOf(app: string, environment: string | undefined): string {
  return environment === undefined ? app : `${environment} of ${app}`;
}

function nameRights(rights: readonly Right[]): string {
  return rights.map((right) => RIGHTS[right]).join(' and ');
}
