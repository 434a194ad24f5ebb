import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { WebhookMessageRow } from '../database/schema.ts';
import { listAttempts, listLastAttempts, pageMessages } from '../database/webhook-log.ts';
import { readBodyFields } from '../domain/body-fields.ts';
import { quote, Refusal } from '../domain/refusal.ts';
import { parseEventType } from '../domain/webhook-request.ts';
import { getMessage, getWebhook } from '../operations/get-webhook.ts';
import { MESSAGE_STATUSES, type MessageStatus } from '../protocol/webhook-events.ts';
import type { Redelivered, WireMessage, WireMessageDetail, WireMessages } from '../protocol/webhooks.ts';
import { callerOf } from './caller.ts';
import type { HttpDependencies } from './http-dependencies.ts';
import { readParameter } from './query-parameters.ts';
import { parseRequestBody } from './request-body.ts';
import { describe } from './route-schemas.ts';
import { cursorsAround, parsePage } from './sequence-cursors.ts';
import { getVisibleApp } from './visible-app.ts';
import { presentMessage, presentMessageDetail } from './webhook-presenter.ts';
import { APP_REFUSALS } from './webhook-routes.ts';

interface WebhookCall {
  Params: { readonly app: string; readonly webhookId: string };
}

interface MessageCall {
  Params: { readonly app: string; readonly webhookId: string; readonly messageId: string };
}

const MESSAGES_ON_A_PAGE = 20;
/** Of one message; a webhook that fails for days has some dozens for each. */
const MOST_ATTEMPTS = 100;

/** What webhooks were told, how it went, and having it told again. */
export function addWebhookMessageRoutes(
  app: FastifyInstance,
  { database, operations }: Pick<HttpDependencies, 'database' | 'operations'>,
): void {
  const { read } = database;
  const getSubject = async (request: FastifyRequest<WebhookCall>) => ({
    user: callerOf(request).user,
    app: await getVisibleApp(read, request, APP_REFUSALS),
    webhookId: request.params.webhookId,
  });
  const getOwnWebhook = async (request: FastifyRequest<WebhookCall>) =>
    await getWebhook(read, await getVisibleApp(read, request, APP_REFUSALS), request.params.webhookId);
  const present = async (rows: readonly WebhookMessageRow[]): Promise<WireMessage[]> => {
    const ids = rows.map(({ id }) => id);
    const attempts = ids.length === 0 ? [] : await listLastAttempts(read, ids);
    const last = new Map(attempts.map((attempt) => [attempt.message_id, attempt]));
    return rows.map((row) => presentMessage(row, last.get(row.id)));
  };
  const presentOne = async (row: WebhookMessageRow) => (await present([row]))[0];

  app.route<WebhookCall>({
    method: ['GET', 'HEAD'],
    url: '/apps/:app/webhooks/:webhookId/messages',
    schema: describe('listMessages'),
    handler: async (request): Promise<WireMessages> => {
      const { id } = await getOwnWebhook(request);
      const { query } = request;
      const page = await pageMessages(read, id, {
        ...parsePage(query, MESSAGES_ON_A_PAGE),
        status: parseStatus(query),
      });
      return { messages: await present(page.rows), cursors: cursorsAround(page) };
    },
  });

  app.route<MessageCall>({
    method: ['GET', 'HEAD'],
    url: '/apps/:app/webhooks/:webhookId/messages/:messageId',
    schema: describe('showMessage'),
    handler: async (request): Promise<WireMessageDetail> => {
      const message = await getMessage(read, await getOwnWebhook(request), request.params.messageId);
      return presentMessageDetail(message, await listAttempts(read, message.id, MOST_ATTEMPTS));
    },
  });

  app.route<MessageCall>({
    method: 'POST',
    url: '/apps/:app/webhooks/:webhookId/messages/:messageId/redeliver',
    schema: describe('redeliverMessage'),
    handler: async (request) => {
      const { messageId } = request.params;
      return await presentOne(await operations.redeliverMessage({ ...(await getSubject(request)), messageId }));
    },
  });

  app.route<WebhookCall>({
    method: 'POST',
    url: '/apps/:app/webhooks/:webhookId/redeliver',
    schema: describe('redeliverFailed'),
    handler: async (request): Promise<Redelivered> => {
      const subject = await getSubject(request);
      return await operations.redeliverFailed({ ...subject, since: parseSince(request.body) });
    },
  });

  app.route<WebhookCall>({
    method: 'POST',
    url: '/apps/:app/webhooks/:webhookId/test',
    schema: describe('testWebhook'),
    handler: async (request) => {
      const subject = await getSubject(request);
      const { eventType } = readBodyFields(
        parseRequestBody(request.body),
        ['eventType'],
        'a JSON object with eventType',
      );
      const parsed = eventType === undefined ? undefined : parseEventType(eventType, 'eventType');
      return await presentOne(await operations.testWebhook({ ...subject, eventType: parsed }));
    },
  });
}

/** In any case. @throws Refusal INVALID_PARAMETERS */
function parseStatus(query: unknown): MessageStatus | undefined {
  const text = readParameter(query, 'status');
  const status = MESSAGE_STATUSES.find((word) => word.toLowerCase() === text?.toLowerCase());
  if (text === undefined || status !== undefined) return status;
  const message = `The parameter status is ${quote(text)}: give one of ${MESSAGE_STATUSES.join(', ')}.`;
  throw new Refusal('INVALID_PARAMETERS', message, { parameter: 'status' });
}

/** @returns milliseconds since 1970 @throws Refusal INVALID_PARAMETERS */
function parseSince(bytes: unknown): number {
  const { since } = readBodyFields(parseRequestBody(bytes), ['since'], 'a JSON object with since');
  if (since === undefined) return 0;
  const text = String(since);
  const at = /^\d{1,15}$/.test(text) ? Number(text) : /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isSafeInteger(at)) return at;
  const message = `since is ${quote(since)}: give a time such as 2026-03-01T12:00:00Z.`;
  throw new Refusal('INVALID_PARAMETERS', message, { parameter: 'since' });
}
