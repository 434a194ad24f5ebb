import type { FastifyInstance, FastifyRequest } from 'fastify';
import { listAppSecrets } from '../database/app-secrets.ts';
import type { AppRow } from '../database/schema.ts';
import type { User } from '../database/users.ts';
import { SetCredentialsSchema, SetSecretSchema } from '../protocol/secrets.ts';
import type { Authentication } from './authentication.ts';
import { callerOf } from './caller.ts';
import type { HttpDependencies } from './http-dependencies.ts';
import { parseSecretBody } from './manage-body.ts';
import { presentCredentials, presentSecret } from './manage-presenter.ts';
import { describe } from './route-schemas.ts';
import { getVisibleApp } from './visible-app.ts';

type SecretDependencies = Pick<HttpDependencies, 'database' | 'operations'>;

interface AppCall {
  Params: { readonly app: string };
}

interface SecretCall {
  Params: { readonly app: string; readonly name: string };
}

const REFUSALS = { malformed: 'INVALID_APPID', notFound: 'APP_NOT_FOUND' } as const;

/** What an app keeps secret: written here, and never answered. */
export function addManageSecretRoutes(
  app: FastifyInstance,
  { database, operations }: SecretDependencies,
  authentication: Authentication,
): void {
  const getApp = async (request: FastifyRequest<AppCall>): Promise<{ user: User; app: AppRow }> => {
    const { user } = callerOf(request);
    return { user, app: await getVisibleApp(database.read, request, REFUSALS) };
  };

  app.route<AppCall>({
    method: ['GET', 'HEAD'],
    url: '/apps/:app/credentials',
    schema: describe('showCredentials'),
    handler: async (request) => presentCredentials(await operations.readAppCredentials((await getApp(request)).app)),
  });

  app.route<AppCall>({
    method: 'PUT',
    url: '/apps/:app/credentials',
    schema: describe('setCredentials'),
    handler: async (request) => {
      const subject = await getApp(request);
      const body = parseSecretBody(SetCredentialsSchema, request.body);
      await operations.changeAppCredentials({ ...subject, request: body }).finally(authentication.forget);
      return {};
    },
  });

  app.route<AppCall>({
    method: 'DELETE',
    url: '/apps/:app/credentials',
    schema: describe('removeCredentials'),
    handler: async (request) => {
      const subject = await getApp(request);
      await operations.changeAppCredentials({ ...subject, request: undefined }).finally(authentication.forget);
      return {};
    },
  });

  app.route<AppCall>({
    method: ['GET', 'HEAD'],
    url: '/apps/:app/secrets',
    schema: describe('listSecrets'),
    handler: async (request) =>
      (await listAppSecrets(database.read, (await getApp(request)).app.id)).map(presentSecret),
  });

  app.route<SecretCall>({
    method: 'PUT',
    url: '/apps/:app/secrets/:name',
    schema: describe('setSecret'),
    handler: async (request) => {
      const subject = await getApp(request);
      const { Value } = parseSecretBody(SetSecretSchema, request.body);
      await operations.setAppSecret({ ...subject, name: request.params.name, value: Value });
      return {};
    },
  });

  app.route<SecretCall>({
    method: 'DELETE',
    url: '/apps/:app/secrets/:name',
    schema: describe('removeSecret'),
    handler: async (request) => {
      await operations.removeAppSecret({ ...(await getApp(request)), name: request.params.name });
      return {};
    },
  });
}
