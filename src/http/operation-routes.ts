import type { FastifyInstance } from 'fastify';
import { hasUsers } from '../database/users.ts';
import { Refusal } from '../domain/refusal.ts';
import { renderDocsPage } from './docs-page.ts';
import type { HttpDependencies } from './http-dependencies.ts';
import { finishDocument } from './openapi-document.ts';
import { describe } from './route-schemas.ts';

/** What whoever runs the server looks at. None of it needs credentials, and none of it names an app or a user. */
export function addOperationRoutes(
  app: FastifyInstance,
  deps: Pick<HttpDependencies, 'database' | 'metrics' | 'logger'>,
  closing: AbortSignal,
): void {
  app.route({
    method: ['GET', 'HEAD'],
    url: '/healthz',
    schema: describe('health'),
    handler: async () => ({ Status: 'alive' }),
  });

  app.route({
    method: ['GET', 'HEAD'],
    url: '/readyz',
    schema: describe('readiness'),
    handler: async () => {
      if (closing.aborted) throw new Refusal('SHUTTING_DOWN');
      await hasUsers(deps.database.read).catch((error) => {
        throw new Refusal('NOT_READY', undefined, { cause: error });
      });
      // Still 200: what there is can be listed, downloaded and deleted, and somebody has to do the latter.
      return (await deps.database.hasRoom()) ? { Status: 'ready' } : { Status: 'ready', Storage: 'full' };
    },
  });

  app.route({
    method: ['GET', 'HEAD'],
    url: '/metrics',
    schema: describe('metrics'),
    handler: async (_request, reply) => {
      const { contentType, text } = await deps.metrics.render();
      return reply.type(contentType).send(text);
    },
  });

  addDocumentRoutes(app);
}

function addDocumentRoutes(app: FastifyInstance): void {
  let json: string | undefined;
  let page: string | undefined;

  app.route({
    method: ['GET', 'HEAD'],
    url: '/openapi.json',
    schema: describe('openapi'),
    handler: async (_request, reply) => {
      json ??= JSON.stringify(finishDocument(app.swagger()));
      return reply.type('application/json; charset=utf-8').send(json);
    },
  });

  app.route({
    method: ['GET', 'HEAD'],
    url: '/docs',
    schema: describe('docs'),
    handler: async (_request, reply) => {
      page ??= renderDocsPage(finishDocument(app.swagger()));
      reply.header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'");
      return reply.type('text/html; charset=utf-8').send(page);
    },
  });
}
