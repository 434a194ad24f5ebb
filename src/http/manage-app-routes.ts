import type { FastifyInstance, FastifyRequest } from 'fastify';
import { listVisibleApps } from '../database/apps.ts';
import type { AppRow } from '../database/schema.ts';
import { CreateAppSchema, UpdateAppSchema } from '../protocol/manage.ts';
import type { Authentication } from './authentication.ts';
import { callerOf } from './caller.ts';
import type { HttpDependencies } from './http-dependencies.ts';
import { parseManageBody } from './manage-body.ts';
import { presentApp } from './manage-presenter.ts';
import { describe } from './route-schemas.ts';
import { getVisibleApp } from './visible-app.ts';

type ManageDependencies = Pick<HttpDependencies, 'database' | 'operations'>;

interface AppCall {
  Params: { readonly app: string };
}

const REFUSALS = { malformed: 'INVALID_APPID', notFound: 'APP_NOT_FOUND' } as const;

/** Apps. */
export function addManageAppRoutes(
  app: FastifyInstance,
  { database, operations }: ManageDependencies,
  authentication: Authentication,
): void {
  const getApp = (request: FastifyRequest<AppCall>): Promise<AppRow> => getVisibleApp(database.read, request, REFUSALS);

  app.route({
    method: ['GET', 'HEAD'],
    url: '/apps',
    schema: describe('listApps'),
    handler: async (request) => (await listVisibleApps(database.read, callerOf(request).user)).map(presentApp),
  });

  app.route({
    method: 'POST',
    url: '/apps',
    schema: describe('createApp'),
    handler: async (request) => {
      const { user } = callerOf(request);
      return presentApp(await operations.createApp({ user, request: parseManageBody(CreateAppSchema, request.body) }));
    },
  });

  app.route<AppCall>({
    method: ['GET', 'HEAD'],
    url: '/apps/:app',
    schema: describe('showApp'),
    handler: async (request) => presentApp(await getApp(request)),
  });

  app.route<AppCall>({
    method: 'PATCH',
    url: '/apps/:app',
    schema: describe('updateApp'),
    handler: async (request) => {
      const { user } = callerOf(request);
      const app = await getApp(request);
      const change = parseManageBody(UpdateAppSchema, request.body);
      return presentApp(await operations.updateApp({ user, app, request: change }).finally(authentication.forget));
    },
  });

  app.route<AppCall>({
    method: 'DELETE',
    url: '/apps/:app',
    schema: describe('deleteApp'),
    handler: async (request) => {
      const { user } = callerOf(request);
      await operations.deleteApp({ user, app: await getApp(request) }).finally(authentication.forget);
      return {};
    },
  });
}
