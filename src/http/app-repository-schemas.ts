import { Type } from 'typebox';
import { CommitSchema, pageOf, RepositoryBranchSchema, RepositoryInfoSchema } from '../protocol/app-repository.ts';
import { API_ANYWHERE, type Operation } from './operation-description.ts';

const ON_BRANCH = ['INVALID_APPID', 'APP_NOT_FOUND', 'BRANCH_NOT_FOUND', 'REPOSITORY_UNAVAILABLE'] as const;
const ON_REPOSITORY = ['INVALID_APPID', 'APP_NOT_FOUND'] as const;
const PAGED = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 20 })),
  cursor: Type.Optional(Type.String({ description: 'As an earlier page has given it.' })),
};

/** The calls of the App Repository API: see `route-schemas.ts`. */
export const APP_REPOSITORY_CALLS = {
  repositoryInfo: {
    tag: 'App Repository API',
    scope: 'mx:modelrepository:repo:read',
    needs: API_ANYWHERE,
    summary: 'Retrieve Repository Information',
    answer: RepositoryInfoSchema,
    errors: ON_REPOSITORY,
  },
  listRepositoryBranches: {
    tag: 'App Repository API',
    scope: 'mx:modelrepository:repo:read',
    needs: API_ANYWHERE,
    summary: 'List Branches',
    query: PAGED,
    answer: pageOf(RepositoryBranchSchema),
    errors: [...ON_REPOSITORY, 'INVALID_PARAMETERS', 'REPOSITORY_UNAVAILABLE'],
  },
  retrieveRepositoryBranch: {
    tag: 'App Repository API',
    scope: 'mx:modelrepository:repo:read',
    needs: API_ANYWHERE,
    summary: 'Retrieve a Branch',
    answer: RepositoryBranchSchema,
    errors: ON_BRANCH,
  },
  listCommits: {
    tag: 'App Repository API',
    scope: 'mx:modelrepository:repo:read',
    needs: API_ANYWHERE,
    summary: 'List the Commits of a Branch',
    description: 'Newest first; on Git those along its first parents. Pages go on where they began while others push.',
    query: PAGED,
    answer: pageOf(CommitSchema),
    errors: [...ON_BRANCH, 'INVALID_PARAMETERS'],
  },
} as const satisfies Record<string, Operation>;
