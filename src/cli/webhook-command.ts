import { type Command, Option } from 'commander';
import { EVENT_TYPES, type EventType } from '../protocol/webhook-events.ts';
import type { UpsertWebhook, WireWebhook, WireWebhookDetail } from '../protocol/webhooks.ts';
import type { Cli } from './cli.ts';
import { CommandFailure } from './exit-codes.ts';
import { formatRelative } from './human-text.ts';
import { formatFields, formatMoment, formatTable, print } from './output.ts';
import { collect } from './read-named-values.ts';
import { openClient, type RemoteOptions, remoteCommand } from './remote-command.ts';
import { addWebhookMessageCommands } from './webhook-message-commands.ts';
import { readWebhookHeaders, readWebhookSecret } from './webhook-secret-files.ts';

interface UpdateOptions extends RemoteOptions {
  readonly name?: string;
  readonly to?: string;
  readonly event?: readonly EventType[];
  readonly active?: boolean;
  readonly secretFile?: string;
  readonly header?: readonly string[];
  readonly headerFile?: string;
}

interface CreateOptions extends UpdateOptions {
  readonly name: string;
  readonly to: string;
  readonly event: readonly EventType[];
}

/** `slipway webhook create|list|show|update|delete|test|messages|message|redeliver` */
export function addWebhookCommand(program: Command, cli: Cli): void {
  const webhook = program
    .command('webhook')
    .description('tell other systems what happens to an app, and see how that went');
  writeOptions(remoteCommand(webhook, 'create <app>', 'tell an address of events; prints the secret that signs'), true)
    .option('--inactive', 'send nothing yet')
    .action((app: string, options: CreateOptions & { readonly inactive?: boolean }) =>
      createWebhook(cli, app, options, options.inactive === true),
    );
  remoteCommand(webhook, 'list <app>', 'list the webhooks of an app').action((app: string, options: RemoteOptions) =>
    listWebhooks(cli, app, options),
  );
  remoteCommand(webhook, 'show <app> <webhook>', 'show a webhook, without what is secret').action(
    async (app: string, id: string, options: RemoteOptions) => {
      const shown = await (await openClient(cli, options)).getWebhook(app, id);
      print(cli, options, shown, () => describe(cli, shown));
    },
  );
  writeOptions(
    remoteCommand(webhook, 'update <app> <webhook>', 'change a webhook; what is not given stays as it is'),
    false,
  )
    .option('--active', 'send to it, and forget what it failed at')
    .option('--no-active', 'send nothing to it')
    .action((app: string, id: string, options: UpdateOptions) => updateWebhook(cli, app, id, options));
  remoteCommand(webhook, 'delete <app> <webhook>', 'delete a webhook and the log of its messages').action(
    async (app: string, id: string, options: RemoteOptions) => {
      await (await openClient(cli, options)).deleteWebhook(app, id);
      print(cli, options, {}, () => `Deleted the webhook ${id} of ${app}.`);
    },
  );
  addWebhookMessageCommands(webhook, cli);
}

function writeOptions(command: Command, isNew: boolean): Command {
  const needed = (option: Option) => (isNew ? option.makeOptionMandatory() : option);
  const secret = isNew
    ? 'a secret to sign with, from a file, or - for standard input (default: the server makes one)'
    : 'another secret, from a file, or - for standard input; the former one signs beside it for a day';
  return command
    .addOption(needed(new Option('--name <name>', 'what people call it: letters, digits, blanks and underscores')))
    .addOption(needed(new Option('--to <address>', 'where messages are posted: an http or https address')))
    .addOption(
      needed(
        new Option('--event <type>', `an event that it is told of; once for each: ${EVENT_TYPES.join(', ')}`).argParser(
          collectEvent,
        ),
      ),
    )
    .option('--secret-file <file>', secret)
    .option(
      '--header <name=value>',
      'a header of its own; a value @<file> is what that file holds, @- standard input',
      collect,
    )
    .option(
      '--header-file <file>',
      "all headers, a line 'Name: value' for each and an empty file for none; - for standard input",
    );
}

/** @throws CommandFailure for what is no event */
function collectEvent(text: string, earlier: readonly EventType[] = []): readonly EventType[] {
  const known = EVENT_TYPES.find((type) => type === text);
  if (known !== undefined) return [...earlier, known];
  const message = `--event ${text}: there is no such event. Give one of ${EVENT_TYPES.join(', ')}.`;
  throw new CommandFailure('usage', 'INVALID_OPTION', message);
}

async function createWebhook(cli: Cli, app: string, options: CreateOptions, isInactive: boolean): Promise<void> {
  const { name, to: url, event } = options;
  const request = { name, url, eventTypes: [...event], isActive: !isInactive, ...(await readSecrets(cli, options)) };
  const created = await (await openClient(cli, options)).createWebhook(app, request);
  print(cli, options, created, () => describe(cli, created));
  if (options.json !== true) cli.stderr.write(`${ONCE}\n`);
}

const ONCE = 'The secret is shown this once: keep it where the receiver finds it.';

async function updateWebhook(cli: Cli, app: string, id: string, options: UpdateOptions): Promise<void> {
  const { name, to, event, active } = options;
  const changes: UpsertWebhook = {
    ...(name !== undefined && { name }),
    ...(to !== undefined && { url: to }),
    ...(event !== undefined && { eventTypes: [...event] }),
    ...(active !== undefined && { isActive: active }),
    ...(await readSecrets(cli, options)),
  };
  if (Object.keys(changes).length === 0) {
    const advice = 'give --name, --to, --event, --active, --no-active, --secret-file, --header or --header-file.';
    throw new CommandFailure('usage', 'MISSING', `There is nothing to change: ${advice}`);
  }
  const updated = await (await openClient(cli, options)).updateWebhook(app, id, changes);
  // The secret that was just given is known to whoever gave it.
  const { validationSecret, ...shown } = updated;
  print(cli, options, shown, () => describe(cli, shown));
}

async function readSecrets(cli: Cli, { secretFile, header = [], headerFile }: UpdateOptions): Promise<UpsertWebhook> {
  const headers = await readWebhookHeaders(cli, header, headerFile);
  return {
    ...(secretFile !== undefined && { validationSecret: await readWebhookSecret(cli, secretFile) }),
    ...(headers !== undefined && { headers: [...headers] }),
  };
}

async function listWebhooks(cli: Cli, app: string, options: RemoteOptions): Promise<void> {
  const client = await openClient(cli, options);
  const webhooks: WireWebhook[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.listWebhooks(app, { limit: 100, cursor });
    webhooks.push(...page.webhooks);
    cursor = page.cursors.next;
  } while (cursor !== undefined);
  print(cli, options, webhooks, () =>
    formatTable(
      ['webhook', 'name', 'standing', 'events', 'to'],
      webhooks.map((one) => [one.id, one.name, standingOf(cli, one), one.eventTypes.join(' '), one.url]),
      `The app ${app} has no webhooks. Create one with 'slipway webhook create ${app}'.`,
    ),
  );
}

function standingOf(cli: Cli, { isActive, note, failures, failingSince }: WireWebhook): string {
  if (!isActive) return note === null ? 'inactive' : 'disabled';
  if (failures === 0 || failingSince === null) return 'active';
  return `failing since ${formatRelative(Date.parse(failingSince), cli.now())}`;
}

type Shown = Omit<WireWebhookDetail, 'validationSecret'> & { readonly validationSecret?: string };

function describe(cli: Cli, shown: Shown): string {
  const { failures, failingSince, formerSecretUntil } = shown;
  const moment = (time: string | null) => (time === null ? undefined : formatMoment(cli, Date.parse(time)));
  const since = moment(failingSince);
  return formatFields({
    Webhook: shown.id,
    Name: shown.name,
    To: shown.url,
    Events: shown.eventTypes.join(', '),
    Active: shown.isActive ? 'yes' : 'no',
    Note: shown.note ?? undefined,
    Failures: failures === 0 ? undefined : `${failures}${since === undefined ? '' : ` since ${since}`}`,
    Headers: shown.headers.length === 0 ? undefined : shown.headers.map(({ key }) => key).join(', '),
    Secret: shown.validationSecret,
    'Former secret': formerSecretUntil === null ? undefined : `signs until ${moment(formerSecretUntil)}`,
    Created: moment(shown.createdAt),
  });
}
