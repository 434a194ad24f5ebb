import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type HoldingEnvironment, listEnvironments } from '../database/environments.ts';
import type { AppRow } from '../database/schema.ts';
import type { User } from '../database/users.ts';
import { parseMode } from '../domain/environment-mode.ts';
import { CreateEnvironmentSchema, UpdateEnvironmentSchema } from '../protocol/environments.ts';
import type { Authentication } from './authentication.ts';
import { callerOf } from './caller.ts';
import { presentManagedEnvironment } from './environment-presenter.ts';
import type { HttpDependencies } from './http-dependencies.ts';
import { parseManageBody } from './manage-body.ts';
import { parseBooleanParameter } from './query-parameters.ts';
import { describe } from './route-schemas.ts';
import { getVisibleApp } from './visible-app.ts';

interface AppCall {
  Params: { readonly app: string };
}

interface EnvironmentCall {
  Params: { readonly app: string; readonly mode: string };
}

const REFUSALS = { malformed: 'INVALID_APPID', notFound: 'APP_NOT_FOUND' } as const;

/** Which environments an app has. */
export function addManageEnvironmentRoutes(
  app: FastifyInstance,
  { database, operations }: Pick<HttpDependencies, 'database' | 'operations'>,
  authentication: Authentication,
): void {
  const getApp = (request: FastifyRequest<AppCall>): Promise<AppRow> => getVisibleApp(database.read, request, REFUSALS);

  // Addresses that tell what deploys are often secrets themselves.
  const present = (user: User, row: HoldingEnvironment) =>
    presentManagedEnvironment(row, user.isAdmin ? operations.showTargetOptions(row) : {});

  app.route<AppCall>({
    method: ['GET', 'HEAD'],
    url: '/apps/:app/environments',
    schema: describe('listEnvironments'),
    handler: async (request) => {
      const { user } = callerOf(request);
      const rows = await listEnvironments(database.read, (await getApp(request)).id);
      return rows.map((row) => present(user, row));
    },
  });

  app.route<AppCall>({
    method: 'POST',
    url: '/apps/:app/environments',
    schema: describe('createEnvironment'),
    handler: async (request) => {
      const { user } = callerOf(request);
      const args = {
        user,
        app: await getApp(request),
        request: parseManageBody(CreateEnvironmentSchema, request.body),
      };
      return present(user, await operations.createEnvironment(args));
    },
  });

  app.route<EnvironmentCall>({
    method: 'PATCH',
    url: '/apps/:app/environments/:mode',
    schema: describe('updateEnvironment'),
    handler: async (request) => {
      const { user } = callerOf(request);
      const args = {
        user,
        app: await getApp(request),
        mode: parseMode(request.params.mode),
        request: parseManageBody(UpdateEnvironmentSchema, request.body),
      };
      return present(user, await operations.updateEnvironment(args));
    },
  });

  app.route<EnvironmentCall>({
    method: 'DELETE',
    url: '/apps/:app/environments/:mode',
    schema: describe('deleteEnvironment'),
    handler: async (request) => {
      const { user } = callerOf(request);
      const row = await getApp(request);
      const force = parseBooleanParameter(request.query, 'force');
      const args = { user, app: row, mode: parseMode(request.params.mode), force };
      await operations.deleteEnvironment(args).finally(authentication.forget);
      return {};
    },
  });
}
