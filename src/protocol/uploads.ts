import { type Static, Type } from 'typebox';

export const UploadAnswerSchema = Type.Object({ PackageId: Type.String({ format: 'uuid' }) });

export const UploadJobAnswerSchema = Type.Object({
  PackageId: Type.String({ format: 'uuid' }),
  JobId: Type.String({ format: 'uuid', description: 'Of the check, to be asked for below `/jobs`.' }),
});
export type UploadJobAnswer = Static<typeof UploadJobAnswerSchema>;

/** The four words a job's status can be. */
export const JOB_STATUSES = ['Queued', 'Running', 'Completed', 'Failed'] as const;

export const JobSchema = Type.Object({ Status: Type.Enum(JOB_STATUSES, { type: 'string' }) });
export type WireJob = Static<typeof JobSchema>;
