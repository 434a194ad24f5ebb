import { type Static, Type } from 'typebox';
import { Nullable } from './nullable.ts';
import { PackageSchema } from './package.ts';

/** The three words of an environment. `Empty` holds no package. */
export const ENVIRONMENT_STATUSES = ['Empty', 'Stopped', 'Running'] as const;
export type EnvironmentStatus = (typeof ENVIRONMENT_STATUSES)[number];

/**
 * What really deploys. `record` runs nothing: Slipway remembers what the environment holds and whether it is started;
 * `directory` unpacks packages on the server's own machine and runs commands there, `webhook` sends orders to another
 * system, and `kubernetes` tells the Mendix operator.
 */
export const TARGET_KINDS = ['record', 'directory', 'webhook', 'kubernetes'] as const;
export type TargetKind = (typeof TARGET_KINDS)[number];

/** An app as the Deploy API shows it. */
export const DeployAppSchema = Type.Object({
  AppId: Type.String(),
  Name: Type.String(),
  ProjectId: Type.String({ format: 'uuid' }),
  Url: Type.String({ description: 'Of the production environment, else of the oldest one; empty without.' }),
});
export type WireDeployApp = Static<typeof DeployAppSchema>;

const ENVIRONMENT = {
  Status: Type.Enum(ENVIRONMENT_STATUSES, { type: 'string' }),
  EnvironmentId: Type.String({ format: 'uuid' }),
  Url: Type.String({ description: 'Where the app is found; empty where that was not said.' }),
  Mode: Type.String({ description: 'Found in any case.' }),
  ModelVersion: Type.String({ description: 'Version of the package that it holds; empty without one.' }),
  MendixVersion: Type.String({ description: 'Of the Mendix project of that package; empty for any other.' }),
  Production: Type.Boolean(),
};
/** An environment as the Deploy API shows it. */
export const EnvironmentSchema = Type.Object(ENVIRONMENT);
export type WireEnvironment = Static<typeof EnvironmentSchema>;

/** An environment as the management calls show it. */
export const ManagedEnvironmentSchema = Type.Object({
  ...ENVIRONMENT,
  Target: Type.Enum(TARGET_KINDS, {
    type: 'string',
    description: 'What deploys to it. `record`: nothing runs, the status is remembered.',
  }),
  PackageId: Nullable(Type.String({ description: 'The package that it holds: the next start runs it.' })),
  RunningPackageId: Nullable(Type.String({ description: 'The package that its last start has run.' })),
  TargetOptions: Type.Record(Type.String(), Type.Unknown(), {
    description: 'What its target was told, without what nobody may see; for admins, and empty for others.',
  }),
  CreationDate: Type.Integer(),
});
export type WireManagedEnvironment = Static<typeof ManagedEnvironmentSchema>;

const TARGET_OPTIONS = Type.Record(Type.String(), Type.Unknown(), {
  description: 'What the target needs to know: see the guide "Deploying".',
});

export const CreateEnvironmentSchema = Type.Object({
  Mode: Type.String({ minLength: 1, maxLength: 200 }),
  Production: Type.Optional(Type.Boolean()),
  Url: Type.Optional(Nullable(Type.String({ maxLength: 2000 }))),
  Target: Type.Optional(Type.Enum(TARGET_KINDS, { type: 'string', default: 'record' })),
  TargetOptions: Type.Optional(TARGET_OPTIONS),
});
export type CreateEnvironment = Static<typeof CreateEnvironmentSchema>;

/** What is left out stays as it is; of the options, those that are named change. */
export const UpdateEnvironmentSchema = Type.Object({
  Production: Type.Optional(Type.Boolean()),
  Url: Type.Optional(Type.String({ maxLength: 2000 })),
  TargetOptions: Type.Optional(TARGET_OPTIONS),
});
export type UpdateEnvironment = Static<typeof UpdateEnvironmentSchema>;

export const CreateFreeEnvironmentSchema = Type.Object({ ProjectId: Type.String({ format: 'uuid' }) });
export const TransportSchema = Type.Object({ PackageId: Type.String({ format: 'uuid' }) });
export const StartEnvironmentSchema = Type.Object({ AutoSyncDb: Type.Optional(Type.Boolean({ default: false })) });
export const StartEnvironmentAnswerSchema = Type.Object({ JobId: Type.String({ format: 'uuid' }) });

export const START_STATUSES = ['Starting', 'Started'] as const;
export const StartStatusSchema = Type.Object({ Status: Type.Enum(START_STATUSES, { type: 'string' }) });
export type WireStartStatus = Static<typeof StartStatusSchema>;

const SETTING = {
  Name: Type.String(),
  Value: Nullable(Type.String({ description: 'What the next start gets; null where that has no value.' })),
  DeployedValue: Nullable(Type.String({ description: 'What the last start ran with; null where it ran without.' })),
};
const EVENT_STATES = ['Enabled', 'Disabled'] as const;
/** The settings of an environment: what the package that it holds declares, and what was set. */
export const SettingsSchema = Type.Object({
  Constants: Type.Array(
    Type.Object({ ...SETTING, DataType: Type.String({ description: 'As the package says, or `_Boolean`.' }) }),
  ),
  CustomSettings: Type.Array(Type.Object(SETTING), { description: 'Of the runtime, by name.' }),
  ScheduledEvents: Type.Array(
    Type.Object({
      Name: Type.String(),
      Value: Type.Enum(EVENT_STATES, { type: 'string' }),
      DeployedValue: Nullable(Type.Enum(EVENT_STATES, { type: 'string' })),
    }),
  ),
});
export type WireSettings = Static<typeof SettingsSchema>;

const SET_SETTING = Type.Object({
  Name: Type.String(),
  Value: Nullable(Type.String({ description: 'null takes away what was set.' })),
});
/** What is not named stays as it is; what else stands beside Name and Value is ignored. */
export const SetSettingsSchema = Type.Object({
  Constants: Type.Optional(Type.Array(SET_SETTING)),
  CustomSettings: Type.Optional(Type.Array(SET_SETTING)),
  ScheduledEvents: Type.Optional(Type.Array(SET_SETTING)),
});
export type SetSettings = Static<typeof SetSettingsSchema>;

/** What Clean Environment answers, alone in an array. */
export const CleanedEnvironmentSchema = Type.Object({
  Status: ENVIRONMENT.Status,
  Mode: ENVIRONMENT.Mode,
  Url: ENVIRONMENT.Url,
});

/** The package that an environment holds. It does not expire while it is held. */
export const EnvironmentPackageSchema = PackageSchema;
export type WireEnvironmentPackage = Static<typeof EnvironmentPackageSchema>;
