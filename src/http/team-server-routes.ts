import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { AppRow } from '../database/schema.ts';
import { parseBranch } from '../domain/branch-name.ts';
import { callerOf } from './caller.ts';
import type { HttpDependencies } from './http-dependencies.ts';
import { parseCountParameter } from './query-parameters.ts';
import { withRequestSignal } from './request-signal.ts';
import { describe } from './route-schemas.ts';
import { presentTeamServerBranch, presentTeamServerRevision } from './team-server-presenter.ts';
import { getVisibleApp } from './visible-app.ts';

interface AppCall {
  Params: { readonly app: string };
}

interface BranchCall {
  Params: { readonly app: string; readonly branch: string };
}

const REFUSALS = { malformed: 'INVALID_APPID', notFound: 'APP_NOT_FOUND' } as const;
/** The documented call has the last twenty. */
const REVISIONS = { min: 1, max: 100, fallback: 20 };

/** The documented calls of the Team Server API: where scripts learn of the newest revision. */
export function addTeamServerRoutes(app: FastifyInstance, deps: HttpDependencies): void {
  const { operations } = deps;
  const appOf = (request: FastifyRequest<AppCall>): Promise<AppRow> =>
    getVisibleApp(deps.database.read, callerOf(request), request.params.app, REFUSALS);

  app.route<AppCall>({
    method: ['GET', 'HEAD'],
    url: '/apps/:app/branches',
    schema: describe('listBranches'),
    handler: async (request, { raw: response }) => {
      const row = await appOf(request);
      const found = await withRequestSignal({ response }, (signal) => operations.listBranches(row, signal));
      return found.map(presentTeamServerBranch);
    },
  });

  app.route<BranchCall>({
    method: ['GET', 'HEAD'],
    url: '/apps/:app/branches/:branch',
    schema: describe('retrieveBranch'),
    handler: async (request, { raw: response }) => {
      const row = await appOf(request);
      const branch = parseBranch(request.params.branch);
      const find = (signal: AbortSignal) => operations.findBranch(row, branch, signal);
      return presentTeamServerBranch(await withRequestSignal({ response }, find));
    },
  });

  app.route<BranchCall>({
    method: ['GET', 'HEAD'],
    url: '/apps/:app/branches/:branch/revisions',
    schema: describe('listRevisions'),
    handler: async (request, { raw: response }) => {
      const row = await appOf(request);
      const limit = parseCountParameter(request.query, 'limit', REVISIONS);
      const page = { branch: parseBranch(request.params.branch), limit };
      const list = (signal: AbortSignal) => operations.listRevisions(row, page, signal);
      return (await withRequestSignal({ response }, list)).map(presentTeamServerRevision);
    },
  });
}
