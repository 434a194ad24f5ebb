import { type Static, Type } from 'typebox';

const MENDIX_VERSION = 'Of the project file in it; empty where there is none that can be read.';

/** A branch as the Team Server API shows it. `LatestTaggedVersion` is undocumented, and old scripts depend on it. */
export const TeamServerBranchSchema = Type.Object({
  Name: Type.String({ description: "'trunk' or 'main' for the main line, else 'branches/<name>'." }),
  DisplayName: Type.String({ description: "'Main line', or the bare name." }),
  LatestRevisionNumber: Type.Integer({ description: 'On Git the count of commits that lead to the newest one.' }),
  LatestRevisionMendixVersion: Type.String({ description: MENDIX_VERSION }),
  LatestTaggedVersion: Type.String({
    description: 'Version of the package that was built last, ending in the number of its revision; 0.0.0.0 before.',
  }),
});
export type WireTeamServerBranch = Static<typeof TeamServerBranchSchema>;

/** A revision as the Team Server API shows it. */
export const TeamServerRevisionSchema = Type.Object({
  Number: Type.Integer({ description: 'Can be given as the Revision of a build.' }),
  CommitMessage: Type.String(),
  Date: Type.Integer({ description: 'In milliseconds since 1970.' }),
  Author: Type.String({ description: 'Email address; the name where the repository has no address.' }),
  MendixVersion: Type.String({ description: MENDIX_VERSION }),
  Hash: Type.Optional(Type.String({ description: 'Full hash of the commit, on Git.' })),
});
export type WireTeamServerRevision = Static<typeof TeamServerRevisionSchema>;
