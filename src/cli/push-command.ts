import type { Command } from 'commander';
import type { SetPushRule, WirePush } from '../protocol/pushes.ts';
import type { Cli } from './cli.ts';
import { formatFields, formatMoment, formatTable, print } from './output.ts';
import { readSecret } from './read-secret.ts';
import { openClient, type RemoteOptions, remoteCommand } from './remote-command.ts';

interface SecretOptions extends RemoteOptions {
  readonly file?: string;
}

interface RuleOptions extends RemoteOptions {
  readonly version?: string;
  readonly description?: string;
  readonly latestOnly?: boolean;
  readonly before?: string;
}

interface ListOptions extends RemoteOptions {
  readonly limit: string;
}

/** `slipway push list|rules`, `slipway push rule set|remove`, `slipway push secret set|show|remove` */
export function addPushCommand(program: Command, cli: Cli): void {
  const push = program.command('push').description('have pushes to the repository of an app start builds');
  remoteCommand(push, 'list <app>', 'list the newest pushes to an app, and what became of each')
    .option('--limit <count>', 'how many', '20')
    .action((app: string, options: ListOptions) => listPushes(cli, app, options));
  remoteCommand(push, 'rules <app>', 'list the rules of an app: the first that takes a branch is the one').action(
    (app: string, options: RemoteOptions) => listRules(cli, app, options),
  );
  addRuleCommands(push, cli);
  addSecretCommands(push, cli);
}

function addRuleCommands(push: Command, cli: Cli): void {
  const rule = push.command('rule').description('say which branches are built, and with which versions');
  remoteCommand(
    rule,
    'set <app> <branch>',
    "set the rule for a branch: main, or a pattern such as 'branches/release-*'",
  )
    .option(
      '--version <version>',
      "next-patch, next-minor, next-major, '2.5.*' for the patches of 2.5, or always the same such as 2.5.4",
      'next-patch',
    )
    .option('--description <text>', 'of the packages (default: who pushed, and what)')
    .option('--latest-only', 'a newer push ends builds of this rule that have not begun')
    .option('--before <branch>', 'put it before the rule for this branch (default: it stays, or is the last)')
    .action((app: string, branch: string, options: RuleOptions) => setRule(cli, app, branch, options));
  remoteCommand(rule, 'remove <app> <branch>', 'forget the rule for a branch').action(
    async (app: string, branch: string, options: RemoteOptions) => {
      const answer = await (await openClient(cli, options)).removePushRule(app, branch);
      print(cli, options, answer, () => `The app ${app} has no push rule for ${branch} any more.`);
    },
  );
}

function addSecretCommands(push: Command, cli: Cli): void {
  const secret = push.command('secret').description('what pushes to an app are signed with');
  remoteCommand(secret, 'set <app>', 'make a secret and print it, once; the one before stays good for a day')
    .option('--file <file>', 'take the one in this file instead, - for standard input')
    .action((app: string, options: SecretOptions) => setSecret(cli, app, options));
  remoteCommand(secret, 'show <app>', 'show whether an app takes pushes, and where they are sent').action(
    (app: string, options: RemoteOptions) => showSecret(cli, app, options),
  );
  remoteCommand(secret, 'remove <app>', 'take no more pushes').action(async (app: string, options: RemoteOptions) => {
    const answer = await (await openClient(cli, options)).removePushSecret(app);
    print(cli, options, answer, () => `The app ${app} takes no more pushes.`);
  });
}

async function listPushes(cli: Cli, app: string, options: ListOptions): Promise<void> {
  const pushes = await (await openClient(cli, options)).listPushes(app, options.limit);
  print(cli, options, pushes, () =>
    formatTable(
      ['when', 'branch', 'revision', 'pusher', 'outcome', 'version', 'package'],
      pushes.map((one) => [
        formatMoment(cli, one.Date),
        one.Branch,
        one.After.slice(0, 8),
        one.Pusher,
        describeOutcome(one),
        one.Version ?? '',
        one.PackageId ?? '',
      ]),
      `There were no pushes to ${app}. Where to send them says 'slipway push secret show ${app}'.`,
    ),
  );
}

/** Of a build its status, which says more than that there is one. */
function describeOutcome({ Status, PackageStatus, Reason }: WirePush): string {
  if (Status === 'Started') return PackageStatus ?? 'Deleted';
  return Reason === null ? Status : `${Status}: ${Reason}`;
}

async function listRules(cli: Cli, app: string, options: RemoteOptions): Promise<void> {
  const rules = await (await openClient(cli, options)).listPushRules(app);
  print(cli, options, rules, () =>
    formatTable(
      ['branch', 'version', 'latest only', 'builds of', 'description'],
      rules.map((rule) => [rule.Branch, rule.Version, rule.LatestOnly ? 'yes' : '', rule.Owner, rule.Description]),
      `The app ${app} has no push rules. Set one with 'slipway push rule set ${app} main'.`,
    ),
  );
}

async function setRule(cli: Cli, app: string, branch: string, options: RuleOptions): Promise<void> {
  const request: SetPushRule = {
    ...(options.version !== undefined && { Version: options.version }),
    ...(options.description !== undefined && { Description: options.description }),
    ...(options.before !== undefined && { Before: options.before }),
    LatestOnly: options.latestOnly === true,
  };
  const rule = await (await openClient(cli, options)).setPushRule(app, branch, request);
  print(cli, options, rule, () => `Pushes to ${rule.Branch} of ${app} are built as ${rule.Version}, by ${rule.Owner}.`);
}

async function setSecret(cli: Cli, app: string, options: SecretOptions): Promise<void> {
  const client = await openClient(cli, options);
  const { file } = options;
  const given =
    file === undefined ? undefined : await readSecret(cli, file === '-' ? undefined : file, `Push secret of ${app}: `);
  const answer = await client.setPushSecret(app, given);
  print(cli, options, answer, () =>
    formatFields({ 'Send pushes to': answer.Url, 'signed with': answer.Secret ?? 'the secret that you gave' }),
  );
}

async function showSecret(cli: Cli, app: string, options: RemoteOptions): Promise<void> {
  const shown = await (await openClient(cli, options)).getPushSecret(app);
  print(cli, options, shown, () =>
    shown.ChangeDate === null
      ? `The app ${app} takes no pushes. Give it a secret with 'slipway push secret set ${app}'.`
      : formatFields({
          'Send pushes to': shown.Url,
          'Secret set': formatMoment(cli, shown.ChangeDate),
          'Former one until': shown.FormerUntil === null ? undefined : formatMoment(cli, shown.FormerUntil),
        }),
  );
}
