import type { FastifySchema } from 'fastify';
import { type TSchema, Type } from 'typebox';
import { ERROR_CODES, type ErrorCode } from '../protocol/error-codes.ts';
import { AppSchema, KeySchema, UserSchema } from '../protocol/manage.ts';
import { ErrorSchema, PackageSchema } from '../protocol/package.ts';
import { WebhooksErrorSchema } from '../protocol/webhooks.ts';
import { APP_REPOSITORY_CALLS } from './app-repository-schemas.ts';
import { BUILD_CALLS } from './build-schemas.ts';
import { DEPLOY_CALLS } from './deploy-schemas.ts';
import { MANAGE_APP_CALLS } from './manage-app-schemas.ts';
import { MANAGE_ENVIRONMENT_CALLS } from './manage-environment-schemas.ts';
import { MANAGE_PERMISSION_CALLS } from './manage-permission-schemas.ts';
import { MANAGE_PUSH_CALLS } from './manage-push-schemas.ts';
import { MANAGE_USER_CALLS } from './manage-user-schemas.ts';
import { describeNeeds } from './needs.ts';
import { type Operation, ref } from './operation-description.ts';
import { OPERATION_CALLS } from './operation-schemas.ts';
import { TEAM_SERVER_CALLS } from './team-server-schemas.ts';
import { WEBHOOK_CALLS } from './webhook-schemas.ts';

/**
 * What each route is, in the words of OpenAPI: the one source of `/openapi.json` and `/docs`. Requests are read by the
 * routes themselves, more leniently than a schema can say, so nothing here validates.
 */

/** Schemas with a name of their own, which others refer to. */
export const NAMED_SCHEMAS: readonly TSchema[] = [
  PackageSchema,
  ErrorSchema,
  AppSchema,
  UserSchema,
  KeySchema,
  WebhooksErrorSchema,
];

/** Every call, what it needs included: the one table of who may make which. */
export const OPERATIONS = {
  ...TEAM_SERVER_CALLS,
  ...APP_REPOSITORY_CALLS,
  ...BUILD_CALLS,
  ...DEPLOY_CALLS,
  ...WEBHOOK_CALLS,
  ...MANAGE_APP_CALLS,
  ...MANAGE_ENVIRONMENT_CALLS,
  ...MANAGE_PERMISSION_CALLS,
  ...MANAGE_PUSH_CALLS,
  ...MANAGE_USER_CALLS,
  ...OPERATION_CALLS,
} as const satisfies Record<string, Operation>;

export type OperationId = keyof typeof OPERATIONS;

/** The description of a route. */
export function describe(operationId: OperationId): FastifySchema {
  const operation: Operation = OPERATIONS[operationId];
  const isOpen = operation.needs === 'nothing';
  const errors = isOpen ? operation.errors : [...new Set([...operation.errors, ...ON_EVERY_CALL])];
  return {
    operationId,
    tags: [operation.tag],
    summary: operation.summary,
    description: describeCall(operation),
    ...(operation.query !== undefined && { querystring: Type.Object(operation.query) }),
    ...(operation.headers !== undefined && { headers: Type.Object(operation.headers) }),
    ...(operation.body !== undefined && { body: operation.body }),
    ...(operation.upload === true && { body: UPLOAD_BODY }),
    ...(isOpen && { security: [] }),
    response: {
      [operation.status ?? 200]: describeAnswer(operation),
      ...describeErrors(errors, operation.errorSchema),
    },
  };
}

function describeCall({ description, needs, scope }: Operation): string {
  const forTokens = scope && `A token needs the scope \`${scope}\`.`;
  return [description, describeNeeds(needs), forTokens].filter((part) => part !== undefined).join('\n\n');
}

/** The call that a route answers. @throws Error for a route that was not given one by {@link describe} */
export function getOperation(schema: FastifySchema | undefined): Operation {
  const id = schema?.operationId;
  if (id !== undefined && isOperation(id)) return OPERATIONS[id];
  throw new Error('Every route has the schema of a call, which says who may make it.');
}

function isOperation(id: string): id is OperationId {
  return Object.hasOwn(OPERATIONS, id);
}

const FILE = Type.String({ format: 'binary' });
const UPLOAD_BODY = {
  content: {
    'multipart/form-data': {
      schema: Type.Object({
        file: FILE,
        Name: Type.Optional(Type.String()),
        Description: Type.Optional(Type.String()),
      }),
    },
    'application/octet-stream': { schema: FILE },
  },
};

const ON_EVERY_CALL = ['UNAUTHORIZED', 'NO_ACCESS', 'TOO_MANY_REQUESTS', 'INTERNAL_ERROR'] as const;

function describeAnswer({ answer, status }: Operation) {
  if (status === 204) return Type.Null({ description: 'Success. There is no body.' });
  if (typeof answer !== 'string') return describeContent('Success.', 'application/json', answer);
  const text = answer.startsWith('text/');
  return describeContent('Success.', answer, text ? Type.String() : Type.String({ format: 'binary' }));
}

function describeErrors(codes: readonly ErrorCode[], schema = 'Error') {
  const byStatus = Map.groupBy(new Set(codes), (code) => ERROR_CODES[code].status);
  const entries = [...byStatus].map(([status, group]) => {
    const lines = group.map((code) => `\`${code}\`: ${ERROR_CODES[code].message}`);
    return [status, describeContent(lines.join('\n\n'), 'application/json', ref(schema))];
  });
  return Object.fromEntries(entries);
}

function describeContent(description: string, mediaType: string, schema: TSchema) {
  return { description, content: { [mediaType]: { schema } } };
}
