import type { FastifyInstance } from 'fastify';
import { buildFileSchemaPage } from '../builders/script/build-file.ts';
import { renderDocsPage } from './docs-page.ts';
import type { HttpDependencies } from './http-dependencies.ts';
import { finishDocument } from './openapi-document.ts';
import { addProbeRoutes } from './probe-routes.ts';
import { describe } from './route-schemas.ts';

/** What whoever runs the server looks at. None of it needs credentials, and none of it names an app or a user. */
export function addOperationRoutes(
  app: FastifyInstance,
  { database, metrics }: Pick<HttpDependencies, 'database' | 'metrics'>,
  closing: AbortSignal,
): void {
  addProbeRoutes(app, { database, renderMetrics: metrics.render }, closing);
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
    url: '/slipway.schema.json',
    schema: describe('buildFileSchema'),
    handler: async (_request, reply) => reply.type('application/schema+json').send(buildFileSchemaPage()),
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
