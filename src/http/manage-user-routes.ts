import type { FastifyInstance } from 'fastify';
import { listApiKeys } from '../database/api-keys.ts';
import { listAudit } from '../database/audit.ts';
import { listUsers } from '../database/users.ts';
import { parseLogin } from '../domain/identifiers.ts';
import { getUser } from '../operations/get-user.ts';
import { CreateKeySchema, CreateUserSchema } from '../protocol/manage.ts';
import type { Authentication } from './authentication.ts';
import { callerOf } from './caller.ts';
import type { HttpDependencies } from './http-dependencies.ts';
import { parseManageBody } from './manage-body.ts';
import { presentAuditEntry, presentKey, presentUser } from './manage-presenter.ts';
import { parseCountParameter } from './query-parameters.ts';
import { describe } from './route-schemas.ts';

type ManageDependencies = Pick<HttpDependencies, 'database' | 'operations'>;

interface UserCall {
  Params: { readonly login: string };
}

interface KeyCall {
  Params: { readonly login: string; readonly keyId: string };
}

/** Users, their keys, and the audit. */
export function addManageUserRoutes(
  app: FastifyInstance,
  deps: ManageDependencies,
  authentication: Authentication,
): void {
  const { database, operations } = deps;

  app.route({
    method: ['GET', 'HEAD'],
    url: '/me',
    schema: describe('me'),
    handler: async (request) => presentUser(await getUser(database.read, callerOf(request).user.login)),
  });

  app.route({
    method: ['GET', 'HEAD'],
    url: '/users',
    schema: describe('listUsers'),
    handler: async () => (await listUsers(database.read)).map(presentUser),
  });

  app.route({
    method: 'POST',
    url: '/users',
    schema: describe('createUser'),
    handler: async (request) => {
      const { user } = callerOf(request);
      return presentUser(
        await operations.createUser({ user, request: parseManageBody(CreateUserSchema, request.body) }),
      );
    },
  });

  app.route<UserCall>({
    method: 'POST',
    url: '/users/:login/disable',
    schema: describe('disableUser'),
    handler: async (request) => {
      const { user } = callerOf(request);
      await operations.disableUser({ user, login: parseLogin(request.params.login) }).finally(authentication.forget);
      return {};
    },
  });

  app.route<UserCall>({
    method: ['GET', 'HEAD'],
    url: '/users/:login/keys',
    schema: describe('listKeys'),
    handler: async (request) => {
      const login = parseLogin(request.params.login);
      return (await listApiKeys(database.read, (await getUser(database.read, login)).id)).map(presentKey);
    },
  });

  app.route<UserCall>({
    method: 'POST',
    url: '/users/:login/keys',
    schema: describe('createKey'),
    handler: async (request) => {
      const { user } = callerOf(request);
      const login = parseLogin(request.params.login);
      return operations.createKey({ user, login, request: parseManageBody(CreateKeySchema, request.body) });
    },
  });

  app.route<KeyCall>({
    method: 'DELETE',
    url: '/users/:login/keys/:keyId',
    schema: describe('revokeKey'),
    handler: async (request) => {
      const { user } = callerOf(request);
      const login = parseLogin(request.params.login);
      await operations.revokeKey({ user, login, keyId: request.params.keyId }).finally(authentication.forget);
      return {};
    },
  });

  app.route({
    method: ['GET', 'HEAD'],
    url: '/audit',
    schema: describe('listAudit'),
    handler: async (request) => {
      const limit = parseCountParameter(request.query, 'limit', { min: 1, max: 1000, fallback: 100 });
      return (await listAudit(database.read, { limit })).map(presentAuditEntry);
    },
  });
}
