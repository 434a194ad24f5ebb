import { type Command, Option } from 'commander';
import type { Client } from '../protocol/client.ts';
import { pause } from '../protocol/http-call.ts';
import { EVENT_TYPES, type EventType, MESSAGE_STATUSES, type MessageStatus } from '../protocol/webhook-events.ts';
import type { WireAttempt, WireMessage, WireMessageDetail } from '../protocol/webhooks.ts';
import type { Cli } from './cli.ts';
import { CommandFailure } from './exit-codes.ts';
import { formatDuration, formatRelative } from './human-text.ts';
import { formatFields, formatMoment, formatTable, print } from './output.ts';
import { parseCount, parseDuration, parseDurationOption } from './quantities.ts';
import { openClient, type RemoteOptions, remoteCommand } from './remote-command.ts';

interface ListOptions extends RemoteOptions {
  readonly status?: MessageStatus;
  readonly limit: number;
}

interface TestOptions extends RemoteOptions {
  readonly event?: EventType;
  readonly timeout: number;
}

interface RedeliverOptions extends RemoteOptions {
  readonly failed?: boolean;
  readonly since?: string;
}

const MOST_ON_A_PAGE = 100;
const TEST_TIMEOUT_MS = 60_000;
const POLL_MS = 200;

/** `slipway webhook test|messages|message|redeliver` */
export function addWebhookMessageCommands(webhook: Command, cli: Cli): void {
  remoteCommand(webhook, 'test <app> <webhook>', 'send a test message, and say how the first attempt went')
    .addOption(new Option('--event <type>', 'the event that it tells of').choices(EVENT_TYPES))
    .addOption(
      new Option('--timeout <duration>', 'how long to wait for the attempt')
        .default(TEST_TIMEOUT_MS, '60s')
        .argParser(parseDurationOption),
    )
    .action((app: string, id: string, options: TestOptions) => testWebhook(cli, app, id, options));
  remoteCommand(webhook, 'messages <app> <webhook>', 'list what a webhook was told, the newest first')
    .addOption(new Option('--status <status>', 'only those').choices(MESSAGE_STATUSES))
    .addOption(new Option('--limit <count>', 'at most so many').default(20, '20').argParser(parseCount))
    .action((app: string, id: string, options: ListOptions) => listMessages(cli, app, id, options));
  remoteCommand(webhook, 'message <app> <webhook> <message>', 'show a message and every attempt at it').action(
    async (app: string, id: string, messageId: string, options: RemoteOptions) => {
      const message = await (await openClient(cli, options)).getMessage(app, id, messageId);
      print(cli, options, message, () => describeMessage(cli, message));
    },
  );
  remoteCommand(webhook, 'redeliver <app> <webhook> [message]', 'send a message again at once, or all that failed')
    .option('--failed', 'all that failed')
    .option('--since <when>', 'with --failed: of the last while (2h, 3d), or since a date')
    .action((app: string, id: string, messageId: string | undefined, options: RedeliverOptions) =>
      redeliver(cli, { app, id, messageId }, options),
    );
}

async function testWebhook(cli: Cli, app: string, id: string, options: TestOptions): Promise<void> {
  const client = await openClient(cli, options);
  const { id: messageId } = await client.testWebhook(
    app,
    id,
    options.event === undefined ? {} : { eventType: options.event },
  );
  const message = await waitForAttempt(cli, client, { app, id, messageId }, options.timeout);
  print(cli, options, message, () => describeMessage(cli, message));
  const { error = null } = message.log[0] ?? {};
  if (message.status === 'Delivered') return;
  throw new CommandFailure(
    'checkFailed',
    'NOT_DELIVERED',
    `The test message was not delivered: ${error ?? message.status}`,
  );
}

interface MessageAddress {
  readonly app: string;
  readonly id: string;
  readonly messageId: string;
}

/** @throws CommandFailure when the time is up */
async function waitForAttempt(
  cli: Cli,
  client: Client,
  { app, id, messageId }: MessageAddress,
  timeoutMs: number,
): Promise<WireMessageDetail> {
  const deadline = cli.now() + timeoutMs;
  for (;;) {
    const message = await client.getMessage(app, id, messageId);
    if (message.log.length > 0 || message.status !== 'Pending') return message;
    if (cli.now() >= deadline) {
      const advice = `see 'slipway webhook message ${app} ${id} ${messageId}' later`;
      const text = `The test message was not tried within ${formatDuration(timeoutMs)}: ${advice}.`;
      throw new CommandFailure('timedOut', 'TIMED_OUT', text);
    }
    await pause(POLL_MS, cli.signal);
  }
}

async function listMessages(cli: Cli, app: string, id: string, options: ListOptions): Promise<void> {
  const client = await openClient(cli, options);
  const messages: WireMessage[] = [];
  let cursor: string | undefined;
  do {
    const limit = Math.min(options.limit - messages.length, MOST_ON_A_PAGE);
    const page = await client.listMessages(app, id, { status: options.status, limit, cursor });
    messages.push(...page.messages);
    cursor = page.cursors.next;
  } while (cursor !== undefined && messages.length < options.limit);
  print(cli, options, messages, () =>
    formatTable(
      ['message', 'event', 'status', 'when', 'attempts', 'last answer'],
      messages.map((one) => [
        one.id,
        one.isTest ? `${one.eventType} (test)` : one.eventType,
        one.status,
        formatRelative(Date.parse(one.createdAt), cli.now()),
        `${one.attempts}`,
        one.lastAttempt === null ? '' : (one.lastAttempt.error ?? `${one.lastAttempt.responseStatus ?? ''}`),
      ]),
      'There are no such messages.',
    ),
  );
}

function describeMessage(cli: Cli, message: WireMessageDetail): string {
  const moment = (time: string | null) => (time === null ? undefined : formatMoment(cli, Date.parse(time)));
  const fields = formatFields({
    Message: message.id,
    Event: message.isTest ? `${message.eventType} (test)` : message.eventType,
    Status: message.status,
    Happened: moment(message.createdAt),
    'Next attempt': moment(message.dueAt),
    Ended: moment(message.endedAt),
    Payload: JSON.stringify(message.payload),
  });
  return [fields, ...message.log.map((attempt) => `\n${describeAttempt(cli, attempt)}`)].join('\n');
}

function describeAttempt(cli: Cli, attempt: WireAttempt): string {
  const { responseStatus, responseBody } = attempt;
  return formatFields({
    Attempt: formatMoment(cli, Date.parse(attempt.time)),
    To: attempt.url,
    Answer: responseStatus === null ? 'none' : `${responseStatus}`,
    Took: formatDuration(attempt.durationMs),
    Error: attempt.error ?? undefined,
    Sent: JSON.stringify(attempt.requestHeaders),
    Got: attempt.responseHeaders === null ? undefined : JSON.stringify(attempt.responseHeaders),
    Body: responseBody === null || responseBody === '' ? undefined : responseBody,
  });
}

async function redeliver(
  cli: Cli,
  { app, id, messageId }: { readonly app: string; readonly id: string; readonly messageId: string | undefined },
  options: RedeliverOptions,
): Promise<void> {
  if ((messageId === undefined) === (options.failed !== true)) {
    throw new CommandFailure('usage', 'MISSING', 'Say what to send again: the id of one message, or --failed.');
  }
  const since = options.since === undefined ? undefined : parseSince(options.since, cli.now());
  const client = await openClient(cli, options);
  if (messageId !== undefined) {
    const message = await client.redeliverMessage(app, id, messageId);
    return print(cli, options, message, () => `The message ${messageId} is sent again.`);
  }
  const redelivered = await redeliverFailed(client, app, id, since);
  const words = redelivered === 1 ? '1 message is' : `${redelivered} messages are`;
  print(cli, options, { redelivered }, () => `${words} sent again.`);
}

/** As often as it takes. @returns how many */
async function redeliverFailed(client: Client, app: string, id: string, since: string | undefined): Promise<number> {
  let count = 0;
  for (;;) {
    const { redelivered, hasMore } = await client.redeliverFailed(app, id, since === undefined ? {} : { since });
    count += redelivered;
    if (!hasMore) return count;
  }
}

/** @throws CommandFailure */
function parseSince(text: string, now: number): string {
  const durationMs = /[a-z]$/i.test(text.trim()) && !text.includes('T') ? parseDuration(text) : undefined;
  const at = durationMs === undefined ? Date.parse(text) : now - durationMs;
  if (Number.isFinite(at)) return new Date(at).toISOString();
  const message = `--since ${text}: give a while such as 2h or 3d, or a date such as 2026-03-01T12:00:00Z.`;
  throw new CommandFailure('usage', 'INVALID_OPTION', message);
}
