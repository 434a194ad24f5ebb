import { type Static, Type } from 'typebox';
import { Nullable } from './nullable.ts';

/** The five words a package's status can be; clients crash on any other. */
export const PACKAGE_STATUSES = ['Queued', 'Building', 'Uploading', 'Succeeded', 'Failed'] as const;
export type PackageStatus = (typeof PACKAGE_STATUSES)[number];

/** Where a package comes from. */
export const PACKAGE_ORIGINS = ['build', 'upload'] as const;
export type PackageOrigin = (typeof PACKAGE_ORIGINS)[number];

/** Whether a build has ended: such a package never changes its status again. */
export function hasEnded(status: PackageStatus): boolean {
  return status === 'Succeeded' || status === 'Failed';
}

/** What became of the tag that a Succeeded package leaves in its repository. */
export const TAG_STATUSES = ['Pending', 'Done', 'Conflict', 'Failed'] as const;
export type TagStatus = (typeof TAG_STATUSES)[number];

/** What became of deploying a Succeeded package of a free app. `Skipped`: a newer one goes there, or nothing does. */
export const DEPLOY_STATUSES = ['Pending', 'Done', 'Skipped', 'Failed'] as const;
export type DeployStatus = (typeof DEPLOY_STATUSES)[number];

/** One thing that a builder found wrong with the source. */
export const ProblemSchema = Type.Object({
  Severity: Type.String({ description: 'As MxBuild has it: Error, Warning or Deprecation.' }),
  Message: Type.String(),
  Document: Nullable(Type.String({ description: 'The document it is in, where that is known.' })),
  Module: Nullable(Type.String({ description: 'The module of the document.' })),
});
export type Problem = Static<typeof ProblemSchema>;

/**
 * A package on the wire. The first eight fields are the documented ones; the rest are additions. No name stands in it
 * twice, nested objects included: scripts look for `"Status"` with `sed` and take whichever comes last.
 */
export const PackageSchema = Type.Object(
  {
    PackageId: Type.String({ format: 'uuid', description: 'Unique identification of the package.' }),
    Name: Type.String({ description: 'File name of the package.' }),
    Description: Type.String({ description: 'Description of the package.' }),
    Version: Type.String({
      description:
        'Version of the package, and name of the tag in the repository: major.minor.patch.revision. Of an upload: what it says of itself, or 0.0.0.0.',
    }),
    Creator: Type.String({ description: 'Display name of the user who started the build.' }),
    CreationDate: Type.Integer({ description: 'When the build was accepted, in milliseconds since 1970.' }),
    Status: Type.Enum(PACKAGE_STATUSES, { type: 'string' }),
    Size: Type.Integer({ description: 'Size in bytes; 0 until the package has its file.' }),
    Branch: Type.String({
      description: "'trunk' or 'main' for the main line, else 'branches/<name>'; empty for an upload.",
    }),
    Revision: Type.String({ description: 'The full revision the package is built from; empty for an upload.' }),
    Sha256: Nullable(Type.String({ description: 'SHA-256 of the file, in hex; null until there is one.' })),
    StatusReason: Nullable(Type.String({ description: 'Why the build failed, in a sentence; null otherwise.' })),
    FinishedDate: Nullable(Type.Integer({ description: 'When the build ended, in milliseconds since 1970.' })),
    DurationMs: Nullable(Type.Integer({ description: 'From the start of the last attempt to its end.' })),
    TagStatus: Nullable(
      Type.Enum(TAG_STATUSES, {
        type: 'string',
        description: 'What became of the tag named after Version in the repository. It never undoes a package.',
      }),
    ),
    TagMessage: Nullable(
      Type.String({ description: 'Why the tag is not there (yet), in a sentence; null otherwise.' }),
    ),
    DeployStatus: Nullable(
      Type.Enum(DEPLOY_STATUSES, {
        type: 'string',
        description: 'What became of bringing it to the Sandbox and starting it there; null but for free apps.',
      }),
    ),
    DeployMessage: Nullable(
      Type.String({ description: 'Why it does not run there (yet), in a sentence; null otherwise.' }),
    ),
    MendixVersion: Nullable(
      Type.String({
        description: 'Of the Mendix project it was built from, or as an upload says; null for any other source.',
      }),
    ),
    Pinned: Type.Boolean({ description: 'Whether it is kept until somebody unpins it.' }),
    ExpiryDate: Nullable(
      Type.Integer({
        description:
          'When it may be deleted by the retention of its app, in milliseconds since 1970; null while something keeps it.',
      }),
    ),
    Problems: Type.Optional(
      Type.Array(ProblemSchema, { description: 'What the builder found wrong; only where it found something.' }),
    ),
    Url: Type.Optional(
      Type.Object({
        Location: Type.String({ format: 'uri', description: 'A link to the file that needs no headers.' }),
        TTL: Type.Integer({ description: 'How long the link is valid, in seconds.' }),
      }),
    ),
  },
  { $id: 'Package', description: 'A deployment package, from the moment its build is accepted.' },
);
export type WirePackage = Static<typeof PackageSchema>;

/**
 * The body of Start Build as documented. The server reads it more leniently than this says: see
 * `domain/start-build-request.ts`.
 */
export const StartBuildSchema = Type.Object({
  Branch: Type.Optional(Type.String({ description: "'main', 'trunk' or 'Main line', or 'branches/<name>'." })),
  Revision: Type.Union([Type.String(), Type.Integer()], {
    description: 'Full or short commit hash, or the integer of a revision.',
  }),
  Version: Type.String({ description: 'Three dotted integers, such as 2.5.4.' }),
  Description: Type.Optional(Type.String()),
});

export const StartBuildAnswerSchema = Type.Object({ PackageId: Type.String({ format: 'uuid' }) });
export type StartBuildAnswer = Static<typeof StartBuildAnswerSchema>;

/** Every answer that is not 2xx, on every route. */
export const ErrorSchema = Type.Object({ errorCode: Type.String(), errorMessage: Type.String() }, { $id: 'Error' });
export type WireError = Static<typeof ErrorSchema>;
