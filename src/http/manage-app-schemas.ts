import { Type } from 'typebox';
import { CreateAppSchema, UpdateAppSchema } from '../protocol/manage.ts';
import { CredentialsSchema, SecretSchema, SetCredentialsSchema, SetSecretSchema } from '../protocol/secrets.ts';
import { NOTHING, type Operation, ref } from './operation-description.ts';

const ON_APP = ['NO_ACCESS', 'INVALID_APPID', 'APP_NOT_FOUND'] as const;
const ON_USER = ['NO_ACCESS', 'USER_NOT_FOUND', 'INVALID_PARAMETERS'] as const;

/** The calls that manage apps: see `route-schemas.ts`. */
export const MANAGE_APP_CALLS = {
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
} as const satisfies Record<string, Operation>;
