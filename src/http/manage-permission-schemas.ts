import { Type } from 'typebox';
import { ChangePermissionsSchema, PermissionsSchema, SetPermissionsSchema } from '../protocol/permissions.ts';
import {
  MANAGE_ANYWHERE,
  MANAGE_EVERYWHERE,
  MANAGE_THERE,
  NOTHING,
  type Operation,
  ref,
} from './operation-description.ts';

const ON_APP = ['INVALID_APPID', 'APP_NOT_FOUND'] as const;
const ON_USER = [...ON_APP, 'USER_NOT_FOUND', 'INVALID_PARAMETERS'] as const;
const ON_MODE = ['INVALID_ENVIRONMENT', 'ENVIRONMENT_NOT_FOUND'] as const;
const ANSWER = { tag: 'Management', answer: PermissionsSchema } as const;

/** The calls that say who may do what on an app: see `route-schemas.ts`. */
export const MANAGE_PERMISSION_CALLS = {
  listPermissions: {
    ...ANSWER,
    needs: MANAGE_ANYWHERE,
    summary: 'List the permissions on an app',
    description: 'As they were given: on the whole app, and on its environments.',
    errors: ON_APP,
  },
  setPermissions: {
    ...ANSWER,
    needs: MANAGE_EVERYWHERE,
    summary: 'Set the rights of a user on an app',
    description:
      'For every environment, present and future, where the user has no rights of its own. The answer has all that the user was given. API Rights reach Production only by name.',
    body: SetPermissionsSchema,
    errors: ON_USER,
  },
  changePermissions: {
    ...ANSWER,
    needs: MANAGE_EVERYWHERE,
    summary: 'Give and take rights on an app',
    description: 'What is taken is gone from every environment as well.',
    body: ChangePermissionsSchema,
    errors: ON_USER,
  },
  removePermissions: {
    ...ANSWER,
    needs: MANAGE_EVERYWHERE,
    summary: 'Take all rights on an app from a user',
    errors: ON_USER,
  },
  listEnvironmentPermissions: {
    ...ANSWER,
    needs: MANAGE_THERE,
    summary: 'List who may do what on an environment',
    description: 'What holds there: rights of its own, else those of the app.',
    errors: [...ON_APP, 'INVALID_PARAMETERS', ...ON_MODE],
  },
  setEnvironmentPermissions: {
    ...ANSWER,
    needs: MANAGE_THERE,
    summary: 'Set the rights of a user on an environment',
    description: 'In place of what the app gives; an empty list takes that away.',
    body: SetPermissionsSchema,
    errors: [...ON_USER, ...ON_MODE],
  },
  changeEnvironmentPermissions: {
    ...ANSWER,
    needs: MANAGE_THERE,
    summary: 'Give and take rights on an environment',
    body: ChangePermissionsSchema,
    errors: [...ON_USER, ...ON_MODE],
  },
  removeEnvironmentPermissions: {
    ...ANSWER,
    needs: MANAGE_THERE,
    summary: 'Let the rights on the app hold on an environment again',
    errors: [...ON_USER, ...ON_MODE],
  },
  listApiRights: {
    tag: 'Management',
    needs: MANAGE_ANYWHERE,
    summary: 'List who has API Rights on an app',
    answer: Type.Array(ref('User')),
    errors: ON_APP,
  },
  grantApiRights: {
    tag: 'Management',
    needs: MANAGE_EVERYWHERE,
    summary: 'Give API Rights and Transport Rights',
    description: 'On the whole app.',
    answer: NOTHING,
    errors: ON_USER,
  },
  revokeApiRights: {
    tag: 'Management',
    needs: MANAGE_EVERYWHERE,
    summary: 'Take API Rights away',
    description: 'With all other rights on the app.',
    answer: NOTHING,
    errors: ON_USER,
  },
} as const satisfies Record<string, Operation>;
