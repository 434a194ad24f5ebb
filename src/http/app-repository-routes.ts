import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { AppRow } from '../database/schema.ts';
import { parseBranch } from '../domain/branch-name.ts';
import { hideCredentials } from '../domain/credentials-in-text.ts';
import type { WireRepositoryInfo } from '../protocol/app-repository.ts';
import { presentCommit, presentRepositoryBranch } from './app-repository-presenter.ts';
import { callerOf } from './caller.ts';
import type { HttpDependencies } from './http-dependencies.ts';
import { cursorsOf, parseCursor } from './page-cursors.ts';
import { parseCountParameter, readParameter } from './query-parameters.ts';
import { withRequestSignal } from './request-signal.ts';
import { describe } from './route-schemas.ts';
import { getVisibleApp } from './visible-app.ts';

interface RepositoryCall {
  Params: { readonly app: string };
}

interface BranchCall {
  Params: { readonly app: string; readonly branch: string };
}

const REFUSALS = { malformed: 'INVALID_APPID', notFound: 'APP_NOT_FOUND' } as const;
const LIMIT = { min: 1, max: 100, fallback: 20 };

/** The documented calls of the App Repository API, which came after the Team Server API. */
export function addAppRepositoryRoutes(app: FastifyInstance, deps: HttpDependencies): void {
  const { operations } = deps;
  const appOf = (request: FastifyRequest<RepositoryCall>): Promise<AppRow> =>
    getVisibleApp(deps.database.read, callerOf(request), request.params.app, REFUSALS);

  app.route<RepositoryCall>({
    method: ['GET', 'HEAD'],
    url: '/repositories/:app/info',
    schema: describe('repositoryInfo'),
    handler: async (request): Promise<WireRepositoryInfo> => {
      const { project_id, kind, repository } = await appOf(request);
      return { appId: project_id, type: kind, url: hideCredentials(repository) };
    },
  });

  app.route<RepositoryCall>({
    method: ['GET', 'HEAD'],
    url: '/repositories/:app/branches',
    schema: describe('listRepositoryBranches'),
    handler: async (request, { raw: response }) => {
      const row = await appOf(request);
      const range = readRange(request);
      const list = (signal: AbortSignal) => operations.pageBranches(row, range, signal);
      const { items, total } = await withRequestSignal({ response }, list);
      const { headId: _, ...start } = range;
      return { items: items.map(presentRepositoryBranch), cursors: cursorsOf({ ...start, total }) };
    },
  });

  app.route<BranchCall>({
    method: ['GET', 'HEAD'],
    url: '/repositories/:app/branches/:branch',
    schema: describe('retrieveRepositoryBranch'),
    handler: async (request, { raw: response }) => {
      const row = await appOf(request);
      const branch = parseBranch(request.params.branch);
      const find = (signal: AbortSignal) => operations.retrieveBranch(row, branch, signal);
      return presentRepositoryBranch(await withRequestSignal({ response }, find));
    },
  });

  app.route<BranchCall>({
    method: ['GET', 'HEAD'],
    url: '/repositories/:app/branches/:branch/commits',
    schema: describe('listCommits'),
    handler: async (request, { raw: response }) => {
      const row = await appOf(request);
      const range = readRange(request);
      const page = { ...range, branch: parseBranch(request.params.branch) };
      const list = (signal: AbortSignal) => operations.pageCommits(row, page, signal);
      const { items, total, headId } = await withRequestSignal({ response }, list);
      return { items: items.map(presentCommit), cursors: cursorsOf({ ...range, headId, total }) };
    },
  });
}

/** @throws Refusal INVALID_PARAMETERS */
function readRange({ query }: FastifyRequest) {
  return { limit: parseCountParameter(query, 'limit', LIMIT), ...parseCursor(readParameter(query, 'cursor')) };
}
