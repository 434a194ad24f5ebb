import { Type } from 'typebox';
import { TeamServerBranchSchema, TeamServerRevisionSchema } from '../protocol/team-server.ts';
import { API_ANYWHERE, type Operation } from './operation-description.ts';

const ON_BRANCH = ['INVALID_APPID', 'APP_NOT_FOUND', 'BRANCH_NOT_FOUND', 'REPOSITORY_UNAVAILABLE'] as const;

/** The calls of the Team Server API: see `route-schemas.ts`. */
export const TEAM_SERVER_CALLS = {
  listBranches: {
    tag: 'Team Server API',
    scope: 'mx:modelrepository:repo:read',
    needs: API_ANYWHERE,
    summary: 'Retrieve Branches',
    description: 'Every branch of the repository as it is now, the main line first.',
    answer: Type.Array(TeamServerBranchSchema),
    errors: ['INVALID_APPID', 'APP_NOT_FOUND', 'REPOSITORY_UNAVAILABLE'],
  },
  retrieveBranch: {
    tag: 'Team Server API',
    scope: 'mx:modelrepository:repo:read',
    needs: API_ANYWHERE,
    summary: 'Retrieve Branch',
    description: 'By any of its names: `trunk`, `main`, `<name>`, `branches%2F<name>`.',
    answer: TeamServerBranchSchema,
    errors: ON_BRANCH,
  },
  listRevisions: {
    tag: 'Team Server API',
    scope: 'mx:modelrepository:repo:read',
    needs: API_ANYWHERE,
    summary: 'Retrieve Revisions',
    description: 'The newest revisions of a branch, newest first; on Git those along its first parents.',
    query: { limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 20 })) },
    answer: Type.Array(TeamServerRevisionSchema),
    errors: [...ON_BRANCH, 'INVALID_PARAMETERS'],
  },
} as const satisfies Record<string, Operation>;
