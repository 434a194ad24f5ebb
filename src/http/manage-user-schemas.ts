import { Type } from 'typebox';
import { AuditEntrySchema, CreatedKeySchema, CreateKeySchema, CreateUserSchema } from '../protocol/manage.ts';
import { NOTHING, type Operation, ref } from './operation-description.ts';

const ON_USER = ['NO_ACCESS', 'USER_NOT_FOUND', 'INVALID_PARAMETERS'] as const;

/** The calls that manage users and their keys, and the audit: see `route-schemas.ts`. */
export const MANAGE_USER_CALLS = {
  me: { tag: 'Management', summary: 'Who am I?', description: 'For everybody.', answer: ref('User'), errors: [] },
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
} as const satisfies Record<string, Operation>;
