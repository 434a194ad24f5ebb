import { Type } from 'typebox';
import { AuditEntrySchema, CreatedKeySchema, CreateKeySchema, CreateUserSchema } from '../protocol/manage.ts';
import { NOTHING, type Operation, ref } from './operation-description.ts';

const ON_USER = ['USER_NOT_FOUND', 'INVALID_PARAMETERS'] as const;

/** The calls that manage users and their keys, and the audit: see `route-schemas.ts`. */
export const MANAGE_USER_CALLS = {
  me: { tag: 'Management', needs: 'user', summary: 'Who am I?', answer: ref('User'), errors: [] },
  listUsers: { tag: 'Management', needs: 'admin', summary: 'List users', answer: Type.Array(ref('User')), errors: [] },
  createUser: {
    tag: 'Management',
    needs: 'admin',
    summary: 'Create a user',
    body: CreateUserSchema,
    answer: ref('User'),
    errors: ['INVALID_PARAMETERS', 'ALREADY_EXISTS'],
  },
  disableUser: {
    tag: 'Management',
    needs: 'admin',
    summary: 'Disable a user and all keys',
    answer: NOTHING,
    errors: ON_USER,
  },
  listKeys: {
    tag: 'Management',
    needs: 'oneself',
    summary: 'List API keys',
    description: 'Never holds a key.',
    answer: Type.Array(ref('Key')),
    errors: ON_USER,
  },
  createKey: {
    tag: 'Management',
    needs: 'oneself',
    summary: 'Create an API key',
    description: 'The only answer that ever holds the key.',
    body: CreateKeySchema,
    answer: CreatedKeySchema,
    errors: [...ON_USER, 'ALREADY_EXISTS'],
  },
  revokeKey: {
    tag: 'Management',
    needs: 'oneself',
    summary: 'Revoke an API key',
    description: 'Takes effect at once.',
    answer: NOTHING,
    errors: [...ON_USER, 'KEY_NOT_FOUND'],
  },
  listAudit: {
    tag: 'Management',
    needs: 'admin',
    summary: 'Read the audit',
    description: 'Who did what, newest first.',
    query: { limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 100 })) },
    answer: Type.Array(AuditEntrySchema),
    errors: ['INVALID_PARAMETERS'],
  },
} as const satisfies Record<string, Operation>;
