import type { FastifyInstance } from 'fastify';
import { hideCredentials } from '../domain/credentials-in-text.ts';
import type { WireRepositoryInfo } from '../protocol/app-repository.ts';
import { presentCommit, presentRepositoryBranch } from './app-repository-presenter.ts';
import type { HttpDependencies } from './http-dependencies.ts';
import { cursorsOf, parseCursor } from './page-cursors.ts';
import { parseCountParameter, readParameter } from './query-parameters.ts';
import { askRepository, type RepositoryCall } from './repository-call.ts';
import { describe } from './route-schemas.ts';

const LIMIT = { min: 1, max: 100, fallback: 20 };

/** The documented calls of the App Repository API, which came after the Team Server API. */
export function addAppRepositoryRoutes(app: FastifyInstance, deps: HttpDependencies): void {
  const { operations } = deps;

  app.route<RepositoryCall>({
    method: ['GET', 'HEAD'],
    url: '/repositories/:app/info',
    schema: describe('repositoryInfo'),
    handler: askRepository(deps, async ({ project_id, kind, repository }): Promise<WireRepositoryInfo> => {
      return { appId: project_id, type: kind, url: hideCredentials(repository) };
    }),
  });

  app.route<RepositoryCall>({
    method: ['GET', 'HEAD'],
    url: '/repositories/:app/branches',
    schema: describe('listRepositoryBranches'),
    handler: askRepository(deps, async (row, { query }, signal) => {
      const { limit, skip } = readRange(query);
      const { items, total } = await operations.pageBranches(row, { limit, skip }, signal);
      return { items: items.map(presentRepositoryBranch), cursors: cursorsOf({ limit, skip, total }) };
    }),
  });

  app.route<RepositoryCall>({
    method: ['GET', 'HEAD'],
    url: '/repositories/:app/branches/:branch',
    schema: describe('retrieveRepositoryBranch'),
    handler: askRepository(deps, async (row, { branch }, signal) =>
      presentRepositoryBranch(await operations.retrieveBranch(row, branch, signal)),
    ),
  });

  app.route<RepositoryCall>({
    method: ['GET', 'HEAD'],
    url: '/repositories/:app/branches/:branch/commits',
    schema: describe('listCommits'),
    handler: askRepository(deps, async (row, { branch, query }, signal) => {
      const range = readRange(query);
      const { items, total, headId } = await operations.pageCommits(row, { ...range, branch }, signal);
      return { items: items.map(presentCommit), cursors: cursorsOf({ ...range, headId, total }) };
    }),
  });
}

/** @throws Refusal INVALID_PARAMETERS */
function readRange(query: unknown) {
  return { limit: parseCountParameter(query, 'limit', LIMIT), ...parseCursor(readParameter(query, 'cursor')) };
}
