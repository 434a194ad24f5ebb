import type { FastifySchema } from 'fastify';
import { type TSchema, Type } from 'typebox';
import { CommitSchema, pageOf, RepositoryBranchSchema, RepositoryInfoSchema } from '../protocol/app-repository.ts';
import { ERROR_CODES, type ErrorCode } from '../protocol/error-codes.ts';
import {
  AppSchema,
  AuditEntrySchema,
  CreateAppSchema,
  CreatedKeySchema,
  CreateKeySchema,
  CreateUserSchema,
  KeySchema,
  UpdateAppSchema,
  UserSchema,
} from '../protocol/manage.ts';
import { ErrorSchema, PackageSchema, StartBuildAnswerSchema, StartBuildSchema } from '../protocol/package.ts';
import { CredentialsSchema, SecretSchema, SetCredentialsSchema, SetSecretSchema } from '../protocol/secrets.ts';
import { TeamServerBranchSchema, TeamServerRevisionSchema } from '../protocol/team-server.ts';
import type { TokenScope } from '../protocol/token-scopes.ts';
import { DEPLOY_CALLS } from './deploy-schemas.ts';
import { NOTHING, type Operation, ref } from './operation-description.ts';

/**
 * What each route is, in the words of OpenAPI: the one source of `/openapi.json` and `/docs`. Requests are read by the
 * routes themselves, more leniently than a schema can say, so nothing here validates.
 */

/** Schemas with a name of their own, which others refer to. */
export const NAMED_SCHEMAS: readonly TSchema[] = [PackageSchema, ErrorSchema, AppSchema, UserSchema, KeySchema];

const ON_PACKAGE = ['INVALID_PARAMETERS', 'APP_NOT_FOUND', 'PACKAGE_NOT_FOUND'] as const;
const ON_APP = ['NO_ACCESS', 'INVALID_APPID', 'APP_NOT_FOUND'] as const;
const ON_USER = ['NO_ACCESS', 'USER_NOT_FOUND', 'INVALID_PARAMETERS'] as const;
const ON_BRANCH = ['INVALID_APPID', 'APP_NOT_FOUND', 'BRANCH_NOT_FOUND', 'REPOSITORY_UNAVAILABLE'] as const;
const ON_REPOSITORY = ['INVALID_APPID', 'APP_NOT_FOUND'] as const;
const PAGED = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 20 })),
  cursor: Type.Optional(Type.String({ description: 'As an earlier page has given it.' })),
};
const RANGE = { Range: Type.Optional(Type.String({ description: 'One range of bytes, as `bytes=0-99`.' })) };

const OPERATIONS = {
  listBranches: {
    tag: 'Team Server API',
    scope: 'mx:modelrepository:repo:read',
    summary: 'Retrieve Branches',
    description: 'Every branch of the repository as it is now, the main line first.',
    answer: Type.Array(TeamServerBranchSchema),
    errors: ['INVALID_APPID', 'APP_NOT_FOUND', 'REPOSITORY_UNAVAILABLE'],
  },
  retrieveBranch: {
    tag: 'Team Server API',
    scope: 'mx:modelrepository:repo:read',
    summary: 'Retrieve Branch',
    description: 'By any of its names: `trunk`, `main`, `<name>`, `branches%2F<name>`.',
    answer: TeamServerBranchSchema,
    errors: ON_BRANCH,
  },
  listRevisions: {
    tag: 'Team Server API',
    scope: 'mx:modelrepository:repo:read',
    summary: 'Retrieve Revisions',
    description: 'The newest revisions of a branch, newest first; on Git those along its first parents.',
    query: { limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 20 })) },
    answer: Type.Array(TeamServerRevisionSchema),
    errors: [...ON_BRANCH, 'INVALID_PARAMETERS'],
  },
  repositoryInfo: {
    tag: 'App Repository API',
    scope: 'mx:modelrepository:repo:read',
    summary: 'Retrieve Repository Information',
    answer: RepositoryInfoSchema,
    errors: ON_REPOSITORY,
  },
  listRepositoryBranches: {
    tag: 'App Repository API',
    scope: 'mx:modelrepository:repo:read',
    summary: 'List Branches',
    query: PAGED,
    answer: pageOf(RepositoryBranchSchema),
    errors: [...ON_REPOSITORY, 'INVALID_PARAMETERS', 'REPOSITORY_UNAVAILABLE'],
  },
  retrieveRepositoryBranch: {
    tag: 'App Repository API',
    scope: 'mx:modelrepository:repo:read',
    summary: 'Retrieve a Branch',
    answer: RepositoryBranchSchema,
    errors: ON_BRANCH,
  },
  listCommits: {
    tag: 'App Repository API',
    scope: 'mx:modelrepository:repo:read',
    summary: 'List the Commits of a Branch',
    description: 'Newest first; on Git those along its first parents. Pages go on where they began while others push.',
    query: PAGED,
    answer: pageOf(CommitSchema),
    errors: [...ON_BRANCH, 'INVALID_PARAMETERS'],
  },
  listPackages: {
    tag: 'Build API',
    scope: 'mx:deployment:read',
    summary: 'Retrieve Packages',
    description: 'Every package of an app, newest first.',
    answer: Type.Array(ref('Package')),
    errors: ['INVALID_APPID'],
  },
  retrievePackage: {
    tag: 'Build API',
    scope: 'mx:deployment:read',
    summary: 'Retrieve Package',
    description: 'One package. With `wait` (or the header `Prefer: wait=…`) the answer comes when its status changes.',
    query: {
      url: Type.Optional(Type.Boolean({ default: false, description: 'Whether to return a link to the file.' })),
      wait: Type.Optional(
        Type.Number({ minimum: 0, maximum: 300, description: 'Seconds to wait for another status; at most 300.' }),
      ),
    },
    headers: { Prefer: Type.Optional(Type.String({ description: '`wait=<seconds>`, the same as the parameter.' })) },
    answer: ref('Package'),
    errors: ON_PACKAGE,
  },
  deletePackage: {
    tag: 'Build API',
    scope: 'mx:deployment:write',
    summary: 'Delete Package',
    description: 'Deletes a package whose build has ended, with its file and its log.',
    answer: NOTHING,
    errors: [...ON_PACKAGE, 'PACKAGE_IN_USE'],
  },
  downloadPackage: {
    tag: 'Build API',
    scope: 'mx:deployment:read',
    summary: 'Download Package',
    description: 'The file itself, never a redirect; with ranges. `Url.Location` of Retrieve Package does the same.',
    headers: RANGE,
    answer: 'application/octet-stream',
    errors: [...ON_PACKAGE, 'BUILD_NOT_SUCCEEDED', 'PACKAGE_DAMAGED', 'RANGE_NOT_SATISFIABLE'],
  },
  startBuild: {
    tag: 'Build API',
    scope: 'mx:deployment:write',
    summary: 'Start Building Deployment Package',
    description:
      'Accepts a build and answers at once. Branch and revision are looked up first: what cannot be built is refused.',
    headers: {
      'Idempotency-Key': Type.Optional(
        Type.String({ minLength: 1, maxLength: 255, description: 'The same key and body give the same PackageId.' }),
      ),
    },
    body: StartBuildSchema,
    answer: StartBuildAnswerSchema,
    errors: [
      'INVALID_APPID',
      'INVALID_PARAMETERS',
      'INVALID_VERSION',
      'APP_NOT_FOUND',
      'IDEMPOTENCY_KEY_REUSED',
      'BUILD_FAILED',
      'PAYLOAD_TOO_LARGE',
    ],
  },
  ...DEPLOY_CALLS,
  cancelBuild: {
    tag: 'Builds',
    scope: 'mx:deployment:write',
    summary: 'Cancel a build',
    description: 'The package becomes Failed, with the reason `canceled`.',
    answer: NOTHING,
    errors: [...ON_PACKAGE, 'BUILD_ALREADY_ENDED'],
  },
  followPackage: {
    tag: 'Builds',
    scope: 'mx:deployment:read',
    summary: 'Follow a build',
    description:
      'Server-sent events: `status` with the package as JSON, `log` with one line. The ids of `log` events let a client that reconnects go on with `Last-Event-ID`. Ends after the final status.',
    headers: { 'Last-Event-ID': Type.Optional(Type.String({ description: 'The byte of the log to go on from.' })) },
    answer: 'text/event-stream',
    errors: ON_PACKAGE,
  },
  readLog: {
    tag: 'Builds',
    scope: 'mx:deployment:read',
    summary: 'Read the log of a build',
    description: 'What there is of the log at this moment.',
    headers: RANGE,
    answer: 'text/plain',
    errors: [...ON_PACKAGE, 'RANGE_NOT_SATISFIABLE'],
  },
  followLink: {
    tag: 'Downloads',
    summary: 'Follow a download link',
    description: 'Where `Url.Location` leads. Its validity is checked when the request starts.',
    query: { expires: Type.Integer({ description: 'Seconds since 1970.' }), signature: Type.String() },
    headers: RANGE,
    answer: 'application/octet-stream',
    errors: ['INVALID_LINK', 'PACKAGE_NOT_FOUND', 'PACKAGE_DAMAGED', 'RANGE_NOT_SATISFIABLE'],
    open: true,
  },
  me: { tag: 'Management', summary: 'Who am I?', description: 'For everybody.', answer: ref('User'), errors: [] },
  listApps: {
    tag: 'Management',
    summary: 'List apps',
    description: 'Those that the user may see. For everybody.',
    answer: Type.Array(ref('App')),
    errors: [],
  },
  createApp: {
    tag: 'Management',
    summary: 'Create an app',
    body: CreateAppSchema,
    answer: ref('App'),
    errors: ['NO_ACCESS', 'INVALID_APPID', 'INVALID_PARAMETERS', 'ALREADY_EXISTS'],
  },
  showApp: {
    tag: 'Management',
    summary: 'Show an app',
    description: 'For everybody who may see it.',
    answer: ref('App'),
    errors: ['INVALID_APPID', 'APP_NOT_FOUND'],
  },
  updateApp: {
    tag: 'Management',
    summary: 'Change an app',
    description: 'What is not given stays as it is; null goes back to what holds where nothing is said.',
    body: UpdateAppSchema,
    answer: ref('App'),
    errors: ['NO_ACCESS', 'INVALID_APPID', 'APP_NOT_FOUND', 'INVALID_PARAMETERS'],
  },
  deleteApp: {
    tag: 'Management',
    summary: 'Delete an app and all its packages',
    answer: NOTHING,
    errors: ['NO_ACCESS', 'INVALID_APPID', 'APP_NOT_FOUND', 'APP_IN_USE'],
  },
  showCredentials: {
    tag: 'Management',
    summary: 'Show which credentials an app has',
    description: 'Their kind and the name of the user. Never what is secret about them.',
    answer: CredentialsSchema,
    errors: ON_APP,
  },
  setCredentials: {
    tag: 'Management',
    summary: 'Give an app credentials for its repository',
    description: 'In place of those it has. They go to the host of the repository alone.',
    body: SetCredentialsSchema,
    answer: NOTHING,
    errors: [...ON_APP, 'INVALID_PARAMETERS'],
  },
  removeCredentials: {
    tag: 'Management',
    summary: 'Take the credentials of an app away',
    answer: NOTHING,
    errors: ON_APP,
  },
  listSecrets: {
    tag: 'Management',
    summary: 'List the secrets of an app',
    description: 'Their names. Never a value.',
    answer: Type.Array(SecretSchema),
    errors: ON_APP,
  },
  setSecret: {
    tag: 'Management',
    summary: 'Keep a secret of an app',
    description: 'An environment variable of its builds, in place of one of the same name.',
    body: SetSecretSchema,
    answer: NOTHING,
    errors: [...ON_APP, 'INVALID_PARAMETERS'],
  },
  removeSecret: {
    tag: 'Management',
    summary: 'Forget a secret of an app',
    answer: NOTHING,
    errors: [...ON_APP, 'SECRET_NOT_FOUND'],
  },
  listApiRights: {
    tag: 'Management',
    summary: 'List who has API Rights on an app',
    answer: Type.Array(ref('User')),
    errors: ['NO_ACCESS', 'INVALID_APPID', 'APP_NOT_FOUND'],
  },
  grantApiRights: {
    tag: 'Management',
    summary: 'Give API Rights',
    answer: NOTHING,
    errors: ['INVALID_APPID', 'APP_NOT_FOUND', ...ON_USER],
  },
  revokeApiRights: {
    tag: 'Management',
    summary: 'Take API Rights away',
    answer: NOTHING,
    errors: ['INVALID_APPID', 'APP_NOT_FOUND', ...ON_USER],
  },
  listUsers: { tag: 'Management', summary: 'List users', answer: Type.Array(ref('User')), errors: ['NO_ACCESS'] },
  createUser: {
    tag: 'Management',
    summary: 'Create a user',
    body: CreateUserSchema,
    answer: ref('User'),
    errors: ['NO_ACCESS', 'INVALID_PARAMETERS', 'ALREADY_EXISTS'],
  },
  disableUser: { tag: 'Management', summary: 'Disable a user and all keys', answer: NOTHING, errors: ON_USER },
  listKeys: {
    tag: 'Management',
    summary: 'List API keys',
    description: 'For admins, and for the user whose keys they are. Never holds a key.',
    answer: Type.Array(ref('Key')),
    errors: ON_USER,
  },
  createKey: {
    tag: 'Management',
    summary: 'Create an API key',
    description: 'For admins, and for the user whose key it will be. The only answer that ever holds the key.',
    body: CreateKeySchema,
    answer: CreatedKeySchema,
    errors: [...ON_USER, 'ALREADY_EXISTS'],
  },
  revokeKey: {
    tag: 'Management',
    summary: 'Revoke an API key',
    description: 'For admins, and for the user whose key it is. Takes effect at once.',
    answer: NOTHING,
    errors: [...ON_USER, 'KEY_NOT_FOUND'],
  },
  listAudit: {
    tag: 'Management',
    summary: 'Read the audit',
    description: 'Who did what, newest first.',
    query: { limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 100 })) },
    answer: Type.Array(AuditEntrySchema),
    errors: ['NO_ACCESS', 'INVALID_PARAMETERS'],
  },
  health: {
    tag: 'Operation',
    summary: 'Does the process live?',
    answer: Type.Object({ Status: Type.String() }),
    errors: [],
    open: true,
  },
  readiness: {
    tag: 'Operation',
    summary: 'Can it serve?',
    answer: Type.Object({
      Status: Type.String(),
      Storage: Type.Optional(Type.String({ description: '`full` when the disk is full, or nearly: make room.' })),
    }),
    errors: ['NOT_READY', 'SHUTTING_DOWN'],
    open: true,
  },
  metrics: {
    tag: 'Operation',
    summary: 'Metrics for Prometheus',
    answer: 'text/plain',
    errors: [],
    open: true,
  },
  openapi: {
    tag: 'Operation',
    summary: 'This document',
    answer: Type.Unsafe<unknown>({ type: 'object' }),
    errors: [],
    open: true,
  },
  docs: { tag: 'Operation', summary: 'This document, to be read', answer: 'text/html', errors: [], open: true },
} as const satisfies Record<string, Operation>;

export type OperationId = keyof typeof OPERATIONS;

/** The description of a route. */
export function describe(operationId: OperationId): FastifySchema {
  const operation: Operation = OPERATIONS[operationId];
  const scope = operation.scope && `A token needs the scope \`${operation.scope}\`.`;
  const text = [operation.description, scope].filter((part) => part !== undefined).join('\n\n');
  const errors = operation.open === true ? operation.errors : [...operation.errors, ...ON_EVERY_CALL];
  return {
    operationId,
    tags: [operation.tag],
    summary: operation.summary,
    ...(text !== '' && { description: text }),
    ...(operation.query !== undefined && { querystring: Type.Object(operation.query) }),
    ...(operation.headers !== undefined && { headers: Type.Object(operation.headers) }),
    ...(operation.body !== undefined && { body: operation.body }),
    ...(operation.open === true && { security: [] }),
    response: { 200: describeAnswer(operation.answer), ...describeErrors(errors) },
  };
}

/** What a token must be for, that calls a route; undefined where it needs an API key. */
export function scopeOf(schema: FastifySchema | undefined): TokenScope | undefined {
  const id = schema?.operationId;
  return id !== undefined && isOperation(id) ? (OPERATIONS[id] satisfies Operation as Operation).scope : undefined;
}

function isOperation(id: string): id is OperationId {
  return Object.hasOwn(OPERATIONS, id);
}

const ON_EVERY_CALL = ['UNAUTHORIZED', 'TOO_MANY_REQUESTS', 'INTERNAL_ERROR'] as const;

function describeAnswer(answer: TSchema | string) {
  if (typeof answer !== 'string') return describeContent('Success.', 'application/json', answer);
  const text = answer.startsWith('text/');
  return describeContent('Success.', answer, text ? Type.String() : Type.String({ format: 'binary' }));
}

function describeErrors(codes: readonly ErrorCode[]) {
  const byStatus = Map.groupBy(codes, (code) => ERROR_CODES[code].status);
  const entries = [...byStatus].map(([status, group]) => {
    const lines = group.map((code) => `\`${code}\`: ${ERROR_CODES[code].message}`);
    return [status, describeContent(lines.join('\n\n'), 'application/json', ref('Error'))];
  });
  return Object.fromEntries(entries);
}

function describeContent(description: string, mediaType: string, schema: TSchema) {
  return { description, content: { [mediaType]: { schema } } };
}
