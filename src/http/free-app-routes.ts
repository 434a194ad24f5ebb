import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { AppRow } from '../database/schema.ts';
import { parseCreateFreeApp } from '../domain/deploy-requests.ts';
import { Refusal } from '../domain/refusal.ts';
import type { Authentication } from './authentication.ts';
import { callerOf } from './caller.ts';
import { presentDeployApp } from './environment-presenter.ts';
import type { HttpDependencies } from './http-dependencies.ts';
import { parseRequestBody } from './request-body.ts';
import { describe } from './route-schemas.ts';
import { getVisibleApp } from './visible-app.ts';

/** What is no ProjectId, one of no app, and one of an app that the caller may not see are answered the same. */
const REFUSALS = { malformed: 'INVALID_PROJECTID', notFound: 'INVALID_PROJECTID' } as const;

/** The documented call that makes an app a free one. */
export function addFreeAppRoutes(
  app: FastifyInstance,
  { database, operations }: Pick<HttpDependencies, 'database' | 'operations'>,
  authentication: Authentication,
): void {
  const getProject = async ({ caller, needs, body }: FastifyRequest): Promise<AppRow> => {
    const id = parseCreateFreeApp(parseRequestBody(body));
    if (id === undefined) throw new Refusal('INVALID_PROJECTID');
    return await getVisibleApp(database.read, { caller, needs, params: { app: id } }, REFUSALS);
  };

  app.route({
    method: 'POST',
    url: '/apps',
    schema: describe('createFreeEnvironment'),
    handler: async (request) => {
      const { user } = callerOf(request);
      const row = await getProject(request);
      await operations.createFreeEnvironment({ user, app: row }).finally(authentication.forget);
      return presentDeployApp(row, '');
    },
  });
}
