import { Type } from 'typebox';
import { CreateAppSchema, UpdateAppSchema } from '../protocol/manage.ts';
import { PruneAnswerSchema, PrunePackagesSchema } from '../protocol/retention.ts';
import { CredentialsSchema, SecretSchema, SetCredentialsSchema, SetSecretSchema } from '../protocol/secrets.ts';
import { NOTHING, type Operation, ref } from './operation-description.ts';

const ON_APP = ['INVALID_APPID', 'APP_NOT_FOUND'] as const;

/** The calls that manage apps: see `route-schemas.ts`. */
export const MANAGE_APP_CALLS = {
  listApps: {
    tag: 'Management',
    needs: 'user',
    summary: 'List apps',
    description: 'Those that the user may see.',
    answer: Type.Array(ref('App')),
    errors: [],
  },
  createApp: {
    tag: 'Management',
    needs: 'admin',
    summary: 'Create an app',
    body: CreateAppSchema,
    answer: ref('App'),
    errors: ['INVALID_APPID', 'INVALID_PARAMETERS', 'ALREADY_EXISTS'],
  },
  showApp: {
    tag: 'Management',
    needs: 'sight',
    summary: 'Show an app',
    answer: ref('App'),
    errors: ['INVALID_APPID', 'APP_NOT_FOUND'],
  },
  updateApp: {
    tag: 'Management',
    needs: 'admin',
    summary: 'Change an app',
    description: 'What is not given stays as it is; null goes back to what holds where nothing is said.',
    body: UpdateAppSchema,
    answer: ref('App'),
    errors: ['INVALID_APPID', 'APP_NOT_FOUND', 'INVALID_PARAMETERS'],
  },
  deleteApp: {
    tag: 'Management',
    needs: 'admin',
    summary: 'Delete an app and all its packages',
    answer: NOTHING,
    errors: ['INVALID_APPID', 'APP_NOT_FOUND', 'APP_IN_USE'],
  },
  prunePackages: {
    tag: 'Management',
    needs: 'admin',
    summary: 'Delete the packages of an app that nothing keeps',
    description:
      'By the Retention of the app, or by the one in the body in place of it. It works for some seconds: where the answer has a Cursor, the same call goes on with it.',
    body: PrunePackagesSchema,
    answer: PruneAnswerSchema,
    errors: ['INVALID_APPID', 'APP_NOT_FOUND', 'INVALID_PARAMETERS'],
  },
  showCredentials: {
    tag: 'Management',
    needs: 'admin',
    summary: 'Show which credentials an app has',
    description: 'Their kind and the name of the user. Never what is secret about them.',
    answer: CredentialsSchema,
    errors: ON_APP,
  },
  setCredentials: {
    tag: 'Management',
    needs: 'admin',
    summary: 'Give an app credentials for its repository',
    description: 'In place of those it has. They go to the host of the repository alone.',
    body: SetCredentialsSchema,
    answer: NOTHING,
    errors: [...ON_APP, 'INVALID_PARAMETERS'],
  },
  removeCredentials: {
    tag: 'Management',
    needs: 'admin',
    summary: 'Take the credentials of an app away',
    answer: NOTHING,
    errors: ON_APP,
  },
  listSecrets: {
    tag: 'Management',
    needs: 'admin',
    summary: 'List the secrets of an app',
    description: 'Their names. Never a value.',
    answer: Type.Array(SecretSchema),
    errors: ON_APP,
  },
  setSecret: {
    tag: 'Management',
    needs: 'admin',
    summary: 'Keep a secret of an app',
    description: 'An environment variable of its builds, in place of one of the same name.',
    body: SetSecretSchema,
    answer: NOTHING,
    errors: [...ON_APP, 'INVALID_PARAMETERS'],
  },
  removeSecret: {
    tag: 'Management',
    needs: 'admin',
    summary: 'Forget a secret of an app',
    answer: NOTHING,
    errors: [...ON_APP, 'SECRET_NOT_FOUND'],
  },
} as const satisfies Record<string, Operation>;
