import type { FastifyInstance, FastifyRequest } from 'fastify';
import { findAppUrl, listAppsWithUrl } from '../database/apps.ts';
import { listEnvironments } from '../database/environments.ts';
import { findAnyPackage } from '../database/packages.ts';
import type { AppRow } from '../database/schema.ts';
import { parseStartEnvironment, parseTransport } from '../domain/deploy-requests.ts';
import { Refusal } from '../domain/refusal.ts';
import { parseSetSettings } from '../domain/set-settings-request.ts';
import type { WireEnvironmentPackage } from '../protocol/environments.ts';
import { callerOf } from './caller.ts';
import { presentDeployApp, presentEnvironment } from './environment-presenter.ts';
import { refuse } from './error-reply.ts';
import type { HttpDependencies } from './http-dependencies.ts';
import { presentPackage } from './package-presenter.ts';
import { signUrl } from './package-url.ts';
import { parseBooleanParameter } from './query-parameters.ts';
import { parseRequestBody } from './request-body.ts';
import { describe } from './route-schemas.ts';
import { presentSettings } from './settings-presenter.ts';
import { type AppRefusals, getVisibleApp, getVisibleEnvironment } from './visible-app.ts';

interface AppCall {
  Params: { readonly app: string };
}

interface EnvironmentCall {
  Params: { readonly app: string; readonly mode: string };
}

interface StartCall {
  Params: EnvironmentCall['Params'] & { readonly jobId: string };
}

const ON_APP: AppRefusals = { malformed: 'INVALID_APPID', notFound: 'APP_NOT_FOUND' };
const ON_MODE: AppRefusals = {
  malformed: 'INVALID_PARAMETERS',
  notFound: 'APP_NOT_FOUND',
  message: 'Not enough parameters given. Please set AppId and Mode parameters.',
};

/** The documented calls of the Deploy API: apps, their environments, and what becomes of packages in these. */
export function addDeployRoutes(app: FastifyInstance, deps: HttpDependencies): void {
  addAppRoutes(app, deps);
  addEnvironmentRoutes(app, deps);
  addStartRoutes(app, deps);
  addSettingsRoutes(app, deps);
}

function addAppRoutes(app: FastifyInstance, { database }: HttpDependencies): void {
  const appOf = (request: FastifyRequest<AppCall>): Promise<AppRow> => getVisibleApp(database.read, request, ON_APP);

  app.route({
    method: ['GET', 'HEAD'],
    url: '/apps',
    schema: describe('retrieveApps'),
    handler: async (request) => {
      const rows = await listAppsWithUrl(database.read, callerOf(request).user);
      return rows.map((row) => presentDeployApp(row, row.url ?? ''));
    },
  });

  app.route<AppCall>({
    method: ['GET', 'HEAD'],
    url: '/apps/:app',
    schema: describe('retrieveApp'),
    handler: async (request) => {
      const row = await appOf(request);
      return presentDeployApp(row, (await findAppUrl(database.read, row.id)) ?? '');
    },
  });

  app.route<AppCall>({
    method: ['GET', 'HEAD'],
    url: '/apps/:app/environments',
    schema: describe('retrieveEnvironments'),
    handler: async (request) =>
      (await listEnvironments(database.read, (await appOf(request)).id)).map(presentEnvironment),
  });
}

function addEnvironmentRoutes(app: FastifyInstance, deps: HttpDependencies): void {
  const { database, operations } = deps;

  app.route<EnvironmentCall>({
    method: ['GET', 'HEAD'],
    url: '/apps/:app/environments/:mode',
    schema: describe('retrieveEnvironment'),
    handler: async (request) => {
      return presentEnvironment((await getVisibleEnvironment(database.read, request, ON_MODE)).environment);
    },
  });

  app.route<EnvironmentCall>({
    method: ['GET', 'HEAD'],
    url: '/apps/:app/environments/:mode/package',
    schema: describe('retrieveEnvironmentPackage'),
    handler: async (request) => retrievePackage(deps, request),
  });

  app.route<EnvironmentCall>({
    method: 'POST',
    url: '/apps/:app/environments/:mode/transport',
    schema: describe('transportPackage'),
    handler: async (request) => {
      const call = await getVisibleEnvironment(database.read, request, ON_MODE);
      await operations.transportPackage({ ...call, packageId: parseTransport(parseRequestBody(request.body)) });
      return {};
    },
  });

  app.route<EnvironmentCall>({
    method: 'POST',
    url: '/apps/:app/environments/:mode/stop',
    schema: describe('stopEnvironment'),
    handler: async (request) => {
      await operations.stopEnvironment(await getVisibleEnvironment(database.read, request, ON_MODE));
      return {};
    },
  });

  app.route<EnvironmentCall>({
    method: 'POST',
    url: '/apps/:app/environments/:mode/clean',
    schema: describe('cleanEnvironment'),
    handler: async (request) => {
      const call = await getVisibleEnvironment(database.read, request, ON_MODE);
      const { Status, Mode, Url } = presentEnvironment(await operations.cleanEnvironment(call));
      return [{ Status, Mode, Url }];
    },
  });
}

function addStartRoutes(app: FastifyInstance, deps: HttpDependencies): void {
  const { database, operations } = deps;

  app.route<EnvironmentCall>({
    method: 'POST',
    url: '/apps/:app/environments/:mode/start',
    schema: describe('startEnvironment'),
    handler: async (request, reply) => {
      const call = await getVisibleEnvironment(database.read, request, ON_APP);
      const autoSyncDb = parseStartEnvironment(parseRequestBody(request.body));
      const { jobId, alreadyStarted } = await operations.startEnvironment({ ...call, autoSyncDb });
      if (!alreadyStarted) return { JobId: jobId };
      // Documented as an error with the status of a success. With the job, a script that polls it goes on.
      const { status, body } = refuse('ALREADY_STARTED');
      return reply.code(status).send({ ...JSON.parse(body), JobId: jobId });
    },
  });

  app.route<StartCall>({
    method: ['GET', 'HEAD'],
    url: '/apps/:app/environments/:mode/start/:jobId',
    schema: describe('retrieveStartStatus'),
    handler: async (request) => {
      const { app: row, mode } = await getVisibleEnvironment(database.read, request, ON_MODE);
      const jobId = request.params.jobId.trim().toLowerCase();
      return { Status: await operations.getStartStatus({ app: row, mode, jobId }) };
    },
  });
}

function addSettingsRoutes(app: FastifyInstance, deps: HttpDependencies): void {
  const { database, operations } = deps;

  app.route<EnvironmentCall>({
    method: ['GET', 'HEAD'],
    url: '/apps/:app/environments/:mode/settings',
    schema: describe('retrieveSettings'),
    handler: async (request) => {
      const { environment } = await getVisibleEnvironment(database.read, request, ON_MODE);
      return presentSettings(await operations.getSettings(environment));
    },
  });

  app.route<EnvironmentCall>({
    method: 'POST',
    url: '/apps/:app/environments/:mode/settings',
    schema: describe('setSettings'),
    handler: async (request) => {
      const call = await getVisibleEnvironment(database.read, request, ON_MODE);
      const asked = parseSetSettings(parseRequestBody(request.body));
      return presentSettings(await operations.setSettings({ ...call, request: asked }));
    },
  });
}

async function retrievePackage(
  deps: HttpDependencies,
  request: FastifyRequest<EnvironmentCall>,
): Promise<WireEnvironmentPackage> {
  const { environment, mode } = await getVisibleEnvironment(deps.database.read, request, ON_MODE);
  const withUrl = parseBooleanParameter(request.query, 'url');
  const id = environment.package_id;
  const row = id === null ? undefined : await findAnyPackage(deps.database.read, id);
  if (row === undefined) throw new Refusal('PACKAGE_NOT_FOUND', `The environment '${mode.text}' holds no package.`);
  // What an environment holds does not expire.
  return presentPackage(row, null, withUrl ? await signUrl(deps, request, row) : undefined);
}
