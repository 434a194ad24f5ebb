import type { FastifyInstance, FastifyRequest } from 'fastify';
import { listPushRules } from '../database/push-rules.ts';
import { listPushes } from '../database/pushes.ts';
import type { AppRow } from '../database/schema.ts';
import type { User } from '../database/users.ts';
import { SetPushRuleSchema, SetPushSecretSchema } from '../protocol/pushes.ts';
import { callerOf } from './caller.ts';
import type { HttpDependencies } from './http-dependencies.ts';
import { parseManageBody, parseSecretBody } from './manage-body.ts';
import { publicAddress } from './public-address.ts';
import { presentPush, presentPushRule } from './push-presenter.ts';
import { parseCountParameter } from './query-parameters.ts';
import { describe } from './route-schemas.ts';
import { getVisibleApp } from './visible-app.ts';

type PushDependencies = Pick<HttpDependencies, 'database' | 'operations' | 'settings'>;

interface AppCall {
  Params: { readonly app: string };
}

interface RuleCall {
  Params: { readonly app: string; readonly branch: string };
}

const REFUSALS = { malformed: 'INVALID_APPID', notFound: 'APP_NOT_FOUND' } as const;

/** Who may send pushes of an app, which of them start builds, and what became of each. */
export function addManagePushRoutes(app: FastifyInstance, deps: PushDependencies): void {
  addSecretRoutes(app, deps);
  addRuleRoutes(app, deps);
}

function addSecretRoutes(app: FastifyInstance, { database, operations, settings }: PushDependencies): void {
  const getSubject = subjectsOf(database);
  const hookOf = (request: FastifyRequest, { app_id }: AppRow) =>
    `${publicAddress(request, settings.publicUrl)}/hooks/${app_id}`;

  app.route<AppCall>({
    method: ['GET', 'HEAD'],
    url: '/apps/:app/push-secret',
    schema: describe('showPushSecret'),
    handler: async (request) => {
      const subject = await getSubject(request);
      const secret = await operations.describePushSecret(subject.app);
      return {
        Url: hookOf(request, subject.app),
        ChangeDate: secret?.changedAt ?? null,
        FormerUntil: secret?.formerUntil ?? null,
      };
    },
  });

  app.route<AppCall>({
    method: 'PUT',
    url: '/apps/:app/push-secret',
    schema: describe('setPushSecret'),
    handler: async (request) => {
      const subject = await getSubject(request);
      const { Secret: secret } = parseSecretBody(SetPushSecretSchema, request.body, SECRET_ADVICE);
      const made = await operations.setPushSecret({ ...subject, secret });
      return { Url: hookOf(request, subject.app), ...(made !== undefined && { Secret: made }) };
    },
  });

  app.route<AppCall>({
    method: 'DELETE',
    url: '/apps/:app/push-secret',
    schema: describe('removePushSecret'),
    handler: async (request) => {
      await operations.removePushSecret(await getSubject(request));
      return {};
    },
  });
}

const SECRET_ADVICE =
  'The body is not valid. Send a JSON object with Secret: 16 to 200 letters, digits and signs without blanks; or with nothing, for one that is made.';

function addRuleRoutes(app: FastifyInstance, { database, operations }: PushDependencies): void {
  const getSubject = subjectsOf(database);

  app.route<AppCall>({
    method: ['GET', 'HEAD'],
    url: '/apps/:app/push-rules',
    schema: describe('listPushRules'),
    handler: async (request) =>
      (await listPushRules(database.read, (await getSubject(request)).app.id)).map(presentPushRule),
  });

  app.route<RuleCall>({
    method: 'PUT',
    url: '/apps/:app/push-rules/:branch',
    schema: describe('setPushRule'),
    handler: async (request) => {
      const subject = await getSubject(request);
      const asked = parseManageBody(SetPushRuleSchema, request.body);
      return presentPushRule(
        await operations.setPushRule({ ...subject, branch: request.params.branch, request: asked }),
      );
    },
  });

  app.route<RuleCall>({
    method: 'DELETE',
    url: '/apps/:app/push-rules/:branch',
    schema: describe('removePushRule'),
    handler: async (request) => {
      await operations.removePushRule({ ...(await getSubject(request)), branch: request.params.branch });
      return {};
    },
  });

  app.route<AppCall>({
    method: ['GET', 'HEAD'],
    url: '/apps/:app/pushes',
    schema: describe('listPushes'),
    handler: async (request) => {
      const subject = await getSubject(request);
      const limit = parseCountParameter(request.query, 'limit', { min: 1, max: 1000, fallback: 50 });
      return (await listPushes(database.read, subject.app.id, limit)).map(presentPush);
    },
  });
}

function subjectsOf(database: HttpDependencies['database']) {
  return async (request: FastifyRequest<AppCall>): Promise<{ readonly user: User; readonly app: AppRow }> => {
    const app = await getVisibleApp(database.read, request, REFUSALS);
    return { user: callerOf(request).user, app };
  };
}
