import { Type } from 'typebox';
import {
  CleanedEnvironmentSchema,
  CreateEnvironmentSchema,
  DeployAppSchema,
  EnvironmentPackageSchema,
  EnvironmentSchema,
  ManagedEnvironmentSchema,
  SetSettingsSchema,
  SettingsSchema,
  StartEnvironmentAnswerSchema,
  StartEnvironmentSchema,
  StartStatusSchema,
  TransportSchema,
  UpdateEnvironmentSchema,
} from '../protocol/environments.ts';
import { API_ANYWHERE, API_THERE, NOTHING, type Operation, TRANSPORT_THERE } from './operation-description.ts';

const READ = { tag: 'Deploy API', scope: 'mx:deployment:read' } as const;
const WRITE = { tag: 'Deploy API', scope: 'mx:deployment:write' } as const;
/** What a target may say of a transport and of a start, besides what their codes say as a whole. */
const FROM_TARGET = {
  transport: ['INVALID_RUNTIME_VERSION', 'APP_IS_RUNNING', 'TRANSPORT_NOT_ALLOWED', 'PACKAGE_PARSE_FAILED'],
  start: [
    'NO_PACKAGE',
    'ALREADY_LOCKED',
    'DB_SYNC_FAILED',
    'INVALID_DB_STRUCTURE',
    'MISSING_CONSTANT',
    'INSECURE_ADMIN_PASSWORD',
    'STARTUP_ACTION_FAILED',
  ],
} as const;
const ON_APP = ['INVALID_APPID', 'APP_NOT_FOUND'] as const;
const ON_MODE = ['INVALID_PARAMETERS', 'INVALID_ENVIRONMENT', 'APP_NOT_FOUND', 'ENVIRONMENT_NOT_FOUND'] as const;

/** The calls on environments: see `route-schemas.ts`. */
export const DEPLOY_CALLS = {
  retrieveApps: {
    ...READ,
    needs: 'user',
    summary: 'Retrieve Apps',
    description: 'Those that the user has API Rights on, by AppId.',
    answer: Type.Array(DeployAppSchema),
    errors: [],
  },
  retrieveApp: { ...READ, needs: API_ANYWHERE, summary: 'Retrieve App', answer: DeployAppSchema, errors: ON_APP },
  retrieveEnvironments: {
    ...READ,
    needs: API_ANYWHERE,
    summary: 'Retrieve Environments',
    description: 'The oldest first.',
    answer: Type.Array(EnvironmentSchema),
    errors: ON_APP,
  },
  retrieveEnvironment: {
    ...READ,
    needs: API_THERE,
    summary: 'Retrieve Environment',
    description: 'By its mode, in any case.',
    answer: EnvironmentSchema,
    errors: ON_MODE,
  },
  transportPackage: {
    ...WRITE,
    needs: TRANSPORT_THERE,
    summary: 'Transport a Deployment Package to an Environment',
    description:
      'What runs there goes on running: the package takes effect once the environment is stopped and started.',
    body: TransportSchema,
    answer: NOTHING,
    errors: [
      ...ON_MODE,
      'NOT ALLOWED',
      'PACKAGE_NOT_FOUND',
      'TRANSPORT_FAILED',
      'SERVICE UNAVAILABLE',
      ...FROM_TARGET.transport,
    ],
  },
  startEnvironment: {
    ...WRITE,
    needs: TRANSPORT_THERE,
    summary: 'Start Environment',
    description:
      'Answers at once with a job to be asked for. An environment that runs is answered 200 with the errorCode `ALREADY_STARTED`, and with the JobId that has started it.',
    body: StartEnvironmentSchema,
    answer: StartEnvironmentAnswerSchema,
    errors: [
      ...ON_APP,
      'INVALID_PARAMETERS',
      'INVALID_ENVIRONMENT',
      'ENVIRONMENT_NOT_FOUND',
      'NO_MDA_HAS_BEEN_DEPLOYED',
      'APP_ALREADY_HAS_A_STARTING_JOB',
    ],
  },
  retrieveStartStatus: {
    ...READ,
    needs: API_THERE,
    summary: 'Get Start Environment Status',
    description: 'A start that failed is answered with why.',
    answer: StartStatusSchema,
    errors: [...ON_MODE, 'NO_SUCH_STARTJOB', 'START_FAILED', ...FROM_TARGET.start],
  },
  stopEnvironment: {
    ...WRITE,
    needs: TRANSPORT_THERE,
    summary: 'Stop Environment',
    description: 'One that does not run stays as it is; a start that has not ended fails.',
    answer: NOTHING,
    errors: [...ON_MODE, 'STOP_FAILED'],
  },
  cleanEnvironment: {
    ...WRITE,
    needs: TRANSPORT_THERE,
    summary: 'Clean Environment',
    description: 'Removes the data of an environment: files and database. The package stays.',
    answer: Type.Array(CleanedEnvironmentSchema),
    errors: [...ON_MODE, 'ENVIRONMENT_NOT_STOPPED', 'ENVIRONMENT_NOT_DEPLOYED', 'ENVIRONMENT_CLEAN_FAILED'],
  },
  retrieveEnvironmentPackage: {
    ...READ,
    needs: API_THERE,
    summary: 'Retrieve Environment Package',
    description: 'The package that was transported last.',
    query: {
      url: Type.Optional(Type.Boolean({ default: false, description: 'Whether to return a link to the file.' })),
    },
    answer: EnvironmentPackageSchema,
    errors: [...ON_MODE, 'PACKAGE_NOT_FOUND'],
  },
  retrieveSettings: {
    ...READ,
    needs: API_THERE,
    summary: 'Retrieve Environment Settings',
    description: 'Constants and scheduled events are those that the package declares, which the environment holds.',
    answer: SettingsSchema,
    errors: ON_MODE,
  },
  setSettings: {
    ...WRITE,
    needs: TRANSPORT_THERE,
    summary: 'Set Environment Settings',
    description:
      'Sets what is named, for the next start; the rest stays as it is. Where anything is wrong, nothing is set. Answers the settings as they are then.',
    body: SetSettingsSchema,
    answer: SettingsSchema,
    errors: [
      ...ON_MODE,
      'CONSTANT_NOT_FOUND',
      'CUSTOM_SETTING_NOT_SUPPORTED',
      'SCHEDULED_EVENT_NOT_FOUND',
      'INVALID_SCHEDULED_EVENT_PARAMETER',
    ],
  },
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
    answer: NOTHING,
    errors: [
      ...ON_APP,
      'INVALID_ENVIRONMENT',
      'ENVIRONMENT_NOT_FOUND',
      'ENVIRONMENT_IN_USE',
      'ENVIRONMENT_DELETE_FAILED',
    ],
  },
} as const satisfies Record<string, Operation>;
