import type { FastifyInstance, FastifyRequest } from 'fastify';
import { guardedEnvironment, listApiRights, listPermissions, type PermissionEntry } from '../database/permissions.ts';
import type { AppRow } from '../database/schema.ts';
import type { Mode } from '../domain/environment-mode.ts';
import { parseLogin } from '../domain/identifiers.ts';
import type { PermissionChange } from '../domain/permissions.ts';
import { USUAL_RIGHTS, type WirePermissions } from '../protocol/permissions.ts';
import type { Authentication } from './authentication.ts';
import { callerOf } from './caller.ts';
import type { HttpDependencies } from './http-dependencies.ts';
import { presentUser } from './manage-presenter.ts';
import { presentPermissions, presentPermissionsOn } from './permission-presenter.ts';
import { parseChangedRights, parseSetRights } from './permission-requests.ts';
import { describe } from './route-schemas.ts';
import { getVisibleApp, getVisibleEnvironment } from './visible-app.ts';

type PermissionDependencies = Pick<HttpDependencies, 'database' | 'operations'>;

interface AppCall {
  Params: { readonly app: string };
}

interface EnvironmentCall {
  Params: { readonly app: string; readonly mode: string };
}

interface UserCall {
  Params: { readonly app: string; readonly login: string };
}

interface UserOnEnvironmentCall {
  Params: EnvironmentCall['Params'] & UserCall['Params'];
}

const REFUSALS = { malformed: 'INVALID_APPID', notFound: 'APP_NOT_FOUND' } as const;

/** What each method does to what a user was given. @param body of the request */
const CHANGES = [
  ['PUT', 'setPermissions', 'setEnvironmentPermissions', parseSetRights],
  ['PATCH', 'changePermissions', 'changeEnvironmentPermissions', parseChangedRights],
  ['DELETE', 'removePermissions', 'removeEnvironmentPermissions', (): PermissionChange[] => [{ kind: 'remove' }]],
] as const;

/** Who may do what on an app and on its environments. */
export function addManagePermissionRoutes(
  app: FastifyInstance,
  deps: PermissionDependencies,
  authentication: Authentication,
): void {
  addListRoutes(app, deps);
  addChangeRoutes(app, deps, authentication);
  addApiRightsRoutes(app, deps, authentication);
}

function addListRoutes(app: FastifyInstance, { database }: PermissionDependencies): void {
  app.route<AppCall>({
    method: ['GET', 'HEAD'],
    url: '/apps/:app/permissions',
    schema: describe('listPermissions'),
    handler: async (request) => {
      const row = await getVisibleApp(database.read, request, REFUSALS);
      return presentPermissions(row, await listPermissions(database.read, row.id));
    },
  });

  app.route<EnvironmentCall>({
    method: ['GET', 'HEAD'],
    url: '/apps/:app/environments/:mode/permissions',
    schema: describe('listEnvironmentPermissions'),
    handler: async (request) => {
      const { app: row, environment } = await getVisibleEnvironment(database.read, request, REFUSALS);
      const place = { ...guardedEnvironment(environment), mode: environment.mode };
      return presentPermissionsOn(row, await listPermissions(database.read, row.id), place);
    },
  });
}

function addChangeRoutes(app: FastifyInstance, deps: PermissionDependencies, authentication: Authentication): void {
  const { database } = deps;
  for (const [method, onApp, onEnvironment, parse] of CHANGES) {
    app.route<UserCall>({
      method,
      url: '/apps/:app/permissions/:login',
      schema: describe(onApp),
      handler: async (request) => {
        const row = await getVisibleApp(database.read, request, REFUSALS);
        return await change(deps, request, { row, mode: undefined, changes: parse(request.body) }, authentication);
      },
    });

    app.route<UserOnEnvironmentCall>({
      method,
      url: '/apps/:app/environments/:mode/permissions/:login',
      schema: describe(onEnvironment),
      handler: async (request) => {
        const { app: row, mode } = await getVisibleEnvironment(database.read, request, REFUSALS);
        return await change(deps, request, { row, mode, changes: parse(request.body) }, authentication);
      },
    });
  }
}

/** What there was before permissions were given on environments: the usual ones for a whole app, or none at all. */
function addApiRightsRoutes(app: FastifyInstance, deps: PermissionDependencies, authentication: Authentication): void {
  const { database } = deps;

  app.route<AppCall>({
    method: ['GET', 'HEAD'],
    url: '/apps/:app/api-rights',
    schema: describe('listApiRights'),
    handler: async (request) => {
      const { id } = await getVisibleApp(database.read, request, REFUSALS);
      return (await listApiRights(database.read, id)).map(presentUser);
    },
  });

  for (const [method, operation, done] of [
    ['PUT', 'grantApiRights', { kind: 'grant', rights: new Set(USUAL_RIGHTS) }],
    ['DELETE', 'revokeApiRights', { kind: 'remove' }],
  ] as const) {
    app.route<UserCall>({
      method,
      url: '/apps/:app/api-rights/:login',
      schema: describe(operation),
      handler: async (request) => {
        const row = await getVisibleApp(database.read, request, REFUSALS);
        await change(deps, request, { row, mode: undefined, changes: [done] }, authentication);
        return {};
      },
    });
  }
}

async function change(
  { operations }: PermissionDependencies,
  request: FastifyRequest<UserCall>,
  args: { readonly row: AppRow; readonly mode: Mode | undefined; readonly changes: readonly PermissionChange[] },
  authentication: Authentication,
): Promise<WirePermissions> {
  const { row: app, mode, changes } = args;
  const { user } = callerOf(request);
  const login = parseLogin(request.params.login);
  const entries: readonly PermissionEntry[] = await operations
    .changePermissions({ user, app, login, mode, changes })
    .finally(authentication.forget);
  return presentPermissions(app, entries);
}
