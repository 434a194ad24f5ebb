import { Type } from 'typebox';
import { DeploymentReportSchema } from '../protocol/deployment-report.ts';
import {
  CleanedEnvironmentSchema,
  CreateFreeEnvironmentSchema,
  DeployAppSchema,
  EnvironmentPackageSchema,
  EnvironmentSchema,
  SetSettingsSchema,
  SettingsSchema,
  StartEnvironmentAnswerSchema,
  StartEnvironmentSchema,
  StartStatusSchema,
  TransportSchema,
} from '../protocol/environments.ts';
import { TARGET_CODES } from '../protocol/target-codes.ts';
import { JobSchema, UploadAnswerSchema, UploadJobAnswerSchema } from '../protocol/uploads.ts';
import { API_ANYWHERE, API_THERE, NOTHING, type Operation, TRANSPORT_THERE } from './operation-description.ts';

const READ = { tag: 'Deploy API', scope: 'mx:deployment:read' } as const;
const WRITE = { tag: 'Deploy API', scope: 'mx:deployment:write' } as const;
const ON_APP = ['INVALID_APPID', 'APP_NOT_FOUND'] as const;
const ON_MODE = ['INVALID_PARAMETERS', 'INVALID_ENVIRONMENT', 'APP_NOT_FOUND', 'ENVIRONMENT_NOT_FOUND'] as const;

const UPLOAD_BODY =
  'The body is a form with a part `file`, or the bytes of the package as they are, under any Content-Type; at most 1 GB, unless the server is told otherwise.';
const UPLOAD_QUERY = {
  name: Type.Optional(Type.String({ default: 'default.mda', description: 'Or the part `Name` of the form.' })),
  description: Type.Optional(Type.String({ description: 'Or the part `Description` of the form.' })),
};

/** The calls of the Deploy API: see `route-schemas.ts`. */
export const DEPLOY_CALLS = {
  retrieveApps: {
    ...READ,
    needs: 'user',
    summary: 'Retrieve Apps',
    description: 'Those that the user has API Rights on, by AppId.',
    answer: Type.Array(DeployAppSchema),
    errors: [],
  },
  createFreeEnvironment: {
    ...WRITE,
    needs: API_ANYWHERE,
    summary: 'Create Free App Environment',
    description:
      'Makes an app without environments a free one: it gets the environment `Sandbox`, where each of its packages is deployed by itself.',
    body: CreateFreeEnvironmentSchema,
    answer: DeployAppSchema,
    errors: ['INVALID_PARAMETERS', 'INVALID_PROJECTID', 'APPLICATION_ALREADY_EXISTS'],
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
  uploadPackage: {
    ...WRITE,
    needs: API_ANYWHERE,
    summary: 'Upload Deployment Package',
    description: `Answers when the package was checked and has Succeeded. ${UPLOAD_BODY}`,
    query: UPLOAD_QUERY,
    upload: true,
    answer: UploadAnswerSchema,
    errors: [...ON_APP, 'INVALID_PARAMETERS', 'PAYLOAD_TOO_LARGE', 'INVALID_PACKAGE', 'UPLOAD_COPY_FAILED'],
  },
  uploadPackageAsJob: {
    ...WRITE,
    needs: API_ANYWHERE,
    summary: 'Upload Deployment Package (v2)',
    description: `Answers when the bytes are here, with a job that checks them. ${UPLOAD_BODY}`,
    query: UPLOAD_QUERY,
    upload: true,
    answer: UploadJobAnswerSchema,
    errors: [...ON_APP, 'INVALID_PARAMETERS', 'PAYLOAD_TOO_LARGE', 'INVALID_PACKAGE', 'UPLOAD_COPY_FAILED'],
  },
  retrieveJob: {
    ...READ,
    needs: API_ANYWHERE,
    summary: 'Retrieve the Job of an Upload (v2)',
    description: 'Why one Failed is the `StatusReason` of its package.',
    answer: JobSchema,
    errors: [...ON_APP, 'NO_SUCH_JOB'],
  },
  transportPackage: {
    ...WRITE,
    needs: TRANSPORT_THERE,
    summary: 'Transport a Deployment Package to an Environment',
    description:
      'What runs there goes on running: the package takes effect once the environment is stopped and started.',
    body: TransportSchema,
    answer: NOTHING,
    errors: [...ON_MODE, ...TARGET_CODES.transport, 'TRANSPORT_FAILED'],
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
    errors: [...ON_MODE, 'NO_SUCH_STARTJOB', ...TARGET_CODES.start],
  },
  stopEnvironment: {
    ...WRITE,
    needs: TRANSPORT_THERE,
    summary: 'Stop Environment',
    description: 'One that does not run stays as it is; a start that has not ended fails.',
    answer: NOTHING,
    errors: [...ON_MODE, ...TARGET_CODES.stop],
  },
  cleanEnvironment: {
    ...WRITE,
    needs: TRANSPORT_THERE,
    summary: 'Clean Environment',
    description: 'Removes the data of an environment: files and database. The package stays.',
    answer: Type.Array(CleanedEnvironmentSchema),
    errors: [...ON_MODE, ...TARGET_CODES.clean],
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
  reportDeployment: {
    tag: 'Systems that deploy',
    needs: 'nothing',
    summary: 'Report of an order',
    description:
      'For systems that were sent an order and answered it 202: see the guide "Deploying". It is signed as Standard Webhooks has it, with the secret of the environment and the order as the id of the message. The same report may come again.',
    headers: {
      'webhook-id': Type.String({ format: 'uuid', description: 'The order.' }),
      'webhook-timestamp': Type.String({ description: 'Seconds since 1970.' }),
      'webhook-signature': Type.String({ description: '`v1,` and the signature in base64.' }),
    },
    body: DeploymentReportSchema,
    answer: NOTHING,
    errors: ['INVALID_PARAMETERS', 'INVALID_REPORT', 'PAYLOAD_TOO_LARGE', 'TOO_MANY_REQUESTS'],
  },
} as const satisfies Record<string, Operation>;
