import type { FastifyInstance } from 'fastify';
import { pageWebhooks } from '../database/webhooks.ts';
import { Refusal } from '../domain/refusal.ts';
import { parseWebhookRequest, type WebhookRequest } from '../domain/webhook-request.ts';
import type { WrittenWebhook } from '../operations/create-webhook.ts';
import { getWebhook } from '../operations/get-webhook.ts';
import { WEBHOOK_LIMITS, type WireWebhookDetail, type WireWebhooks } from '../protocol/webhooks.ts';
import { callerOf } from './caller.ts';
import type { HttpDependencies } from './http-dependencies.ts';
import { parseRequestBody } from './request-body.ts';
import { describe } from './route-schemas.ts';
import { cursorsAround, parsePage } from './sequence-cursors.ts';
import { getVisibleApp } from './visible-app.ts';
import { presentWebhook, presentWebhookDetail } from './webhook-presenter.ts';

interface AppCall {
  Params: { readonly app: string };
}

interface WebhookCall {
  Params: { readonly app: string; readonly webhookId: string };
}

export const APP_REFUSALS = { malformed: 'INVALID_APPID', notFound: 'APP_NOT_FOUND' } as const;

/** The documented calls that manage webhooks. */
export function addWebhookRoutes(
  app: FastifyInstance,
  { database, operations }: Pick<HttpDependencies, 'database' | 'operations'>,
): void {
  const present = ({ row, secret }: WrittenWebhook): WireWebhookDetail =>
    presentWebhookDetail(row, operations.describeWebhook(row), secret);

  app.route<AppCall>({
    method: ['GET', 'HEAD'],
    url: '/apps/:app/webhooks',
    schema: describe('listWebhooks'),
    handler: async (request): Promise<WireWebhooks> => {
      const { id } = await getVisibleApp(database.read, request, APP_REFUSALS);
      const page = await pageWebhooks(database.read, id, parsePage(request.query, WEBHOOK_LIMITS.perApp));
      return { webhooks: page.rows.map(presentWebhook), cursors: cursorsAround(page) };
    },
  });

  app.route<AppCall>({
    method: 'POST',
    url: '/apps/:app/webhooks',
    schema: describe('createWebhook'),
    handler: async (request) => {
      const subject = await getVisibleApp(database.read, request, APP_REFUSALS);
      const args = { user: callerOf(request).user, app: subject, request: readRequest(request.body) };
      return present(await operations.createWebhook(args));
    },
  });

  app.route<WebhookCall>({
    method: ['GET', 'HEAD'],
    url: '/apps/:app/webhooks/:webhookId',
    schema: describe('showWebhook'),
    handler: async (request) => {
      const subject = await getVisibleApp(database.read, request, APP_REFUSALS);
      const row = await getWebhook(database.read, subject, request.params.webhookId);
      return present({ row, secret: undefined });
    },
  });

  app.route<WebhookCall>({
    method: 'PUT',
    url: '/apps/:app/webhooks/:webhookId',
    schema: describe('updateWebhook'),
    handler: async (request, reply) => {
      const subject = await getVisibleApp(database.read, request, APP_REFUSALS);
      const { webhookId } = request.params;
      const args = { user: callerOf(request).user, app: subject, webhookId, request: readRequest(request.body) };
      const written = await operations.updateWebhook(args);
      return reply.code(202).send(present(written));
    },
  });

  app.route<WebhookCall>({
    method: 'DELETE',
    url: '/apps/:app/webhooks/:webhookId',
    schema: describe('deleteWebhook'),
    handler: async (request, reply) => {
      const subject = await getVisibleApp(database.read, request, APP_REFUSALS);
      await operations.deleteWebhook({
        user: callerOf(request).user,
        app: subject,
        webhookId: request.params.webhookId,
      });
      return reply.code(204).send();
    },
  });
}

/** Reads a body that holds secrets: no message shows any of it. @throws Refusal INVALID_PARAMETERS */
function readRequest(bytes: unknown): WebhookRequest {
  return parseWebhookRequest(parseHiding(bytes));
}

function parseHiding(bytes: unknown): unknown {
  try {
    return parseRequestBody(bytes);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new Refusal(error.code, 'The body is not valid JSON: send an object with name, url and eventTypes.');
  }
}
