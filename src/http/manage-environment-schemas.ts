import { Type } from 'typebox';
import {
  CreateEnvironmentSchema,
  ManagedEnvironmentSchema,
  UpdateEnvironmentSchema,
} from '../protocol/environments.ts';
import { TARGET_CODES } from '../protocol/target-codes.ts';
import { NOTHING, type Operation } from './operation-description.ts';

const ON_APP = ['INVALID_APPID', 'APP_NOT_FOUND'] as const;

/** The calls that manage environments: see `route-schemas.ts`. */
export const MANAGE_ENVIRONMENT_CALLS = {
  listEnvironments: {
    tag: 'Management',
    needs: 'sight',
    summary: 'List the environments of an app',
    answer: Type.Array(ManagedEnvironmentSchema),
    errors: ON_APP,
  },
  createEnvironment: {
    tag: 'Management',
    needs: 'admin',
    summary: 'Create an environment of an app',
    body: CreateEnvironmentSchema,
    answer: ManagedEnvironmentSchema,
    errors: [...ON_APP, 'INVALID_PARAMETERS', 'INVALID_ENVIRONMENT', 'ALREADY_EXISTS'],
  },
  updateEnvironment: {
    tag: 'Management',
    needs: 'admin',
    summary: 'Change an environment',
    description: 'What is left out stays as it is; of the options of its target, those that are named change.',
    body: UpdateEnvironmentSchema,
    answer: ManagedEnvironmentSchema,
    errors: [...ON_APP, 'INVALID_PARAMETERS', 'INVALID_ENVIRONMENT', 'ENVIRONMENT_NOT_FOUND'],
  },
  deleteEnvironment: {
    tag: 'Management',
    needs: 'admin',
    summary: 'Delete an environment',
    description: 'The package that it held stays.',
    query: {
      force: Type.Optional(
        Type.Boolean({
          description: 'Also where it runs, and where its target cannot forget it: what runs there may stay.',
        }),
      ),
    },
    answer: NOTHING,
    errors: [...ON_APP, 'INVALID_PARAMETERS', 'INVALID_ENVIRONMENT', 'ENVIRONMENT_NOT_FOUND', ...TARGET_CODES.remove],
  },
} as const satisfies Record<string, Operation>;
