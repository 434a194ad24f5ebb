import { type Static, Type } from 'typebox';

export const REPORT_STATUSES = ['Started', 'Done', 'Failed'] as const;

/** What a system that deploys reports of an order that it was given. */
export const DeploymentReportSchema = Type.Object({
  status: Type.Enum(REPORT_STATUSES, {
    type: 'string',
    description: '`Started` and `Done` both say that all went well.',
  }),
  errorCode: Type.Optional(Type.String({ description: 'A documented code of the call; others are not passed on.' })),
  errorMessage: Type.Optional(Type.String({ description: 'A sentence for whoever made the call.' })),
});
export type DeploymentReport = Static<typeof DeploymentReportSchema>;
