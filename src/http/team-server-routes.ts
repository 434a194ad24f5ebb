import type { FastifyInstance } from 'fastify';
import type { HttpDependencies } from './http-dependencies.ts';
import { parseCountParameter } from './query-parameters.ts';
import { askRepository, type RepositoryCall } from './repository-call.ts';
import { describe } from './route-schemas.ts';
import { presentTeamServerBranch, presentTeamServerRevision } from './team-server-presenter.ts';

/** The documented call has the last twenty. */
const REVISIONS = { min: 1, max: 100, fallback: 20 };

/** The documented calls of the Team Server API: where scripts learn of the newest revision. */
export function addTeamServerRoutes(app: FastifyInstance, deps: HttpDependencies): void {
  const { operations } = deps;

  app.route<RepositoryCall>({
    method: ['GET', 'HEAD'],
    url: '/apps/:app/branches',
    schema: describe('listBranches'),
    handler: askRepository(deps, async (row, _call, signal) =>
      (await operations.listBranches(row, signal)).map(presentTeamServerBranch),
    ),
  });

  app.route<RepositoryCall>({
    method: ['GET', 'HEAD'],
    url: '/apps/:app/branches/:branch',
    schema: describe('retrieveBranch'),
    handler: askRepository(deps, async (row, { branch }, signal) =>
      presentTeamServerBranch(await operations.findBranch(row, branch, signal)),
    ),
  });

  app.route<RepositoryCall>({
    method: ['GET', 'HEAD'],
    url: '/apps/:app/branches/:branch/revisions',
    schema: describe('listRevisions'),
    handler: askRepository(deps, async (row, { branch, query }, signal) => {
      const limit = parseCountParameter(query, 'limit', REVISIONS);
      return (await operations.listRevisions(row, { branch, limit }, signal)).map(presentTeamServerRevision);
    }),
  });
}
