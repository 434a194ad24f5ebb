import { Type } from 'typebox';
import { StartBuildAnswerSchema, StartBuildSchema } from '../protocol/package.ts';
import { API_ANYWHERE, NOTHING, type Operation, ref } from './operation-description.ts';

const ON_PACKAGE = ['INVALID_PARAMETERS', 'APP_NOT_FOUND', 'PACKAGE_NOT_FOUND'] as const;
const RANGE = { Range: Type.Optional(Type.String({ description: 'One range of bytes, as `bytes=0-99`.' })) };

/** The calls of the Build API, and what was added to them: see `route-schemas.ts`. */
export const BUILD_CALLS = {
  listPackages: {
    tag: 'Build API',
    scope: 'mx:deployment:read',
    needs: API_ANYWHERE,
    summary: 'Retrieve Packages',
    description: 'Every package of an app, newest first.',
    answer: Type.Array(ref('Package')),
    errors: ['INVALID_APPID'],
  },
  retrievePackage: {
    tag: 'Build API',
    scope: 'mx:deployment:read',
    needs: API_ANYWHERE,
    summary: 'Retrieve Package',
    description: 'One package. With `wait` (or the header `Prefer: wait=…`) the answer comes when its status changes.',
    query: {
      url: Type.Optional(Type.Boolean({ default: false, description: 'Whether to return a link to the file.' })),
      wait: Type.Optional(
        Type.Number({ minimum: 0, maximum: 300, description: 'Seconds to wait for another status; at most 300.' }),
      ),
    },
    headers: { Prefer: Type.Optional(Type.String({ description: '`wait=<seconds>`, the same as the parameter.' })) },
    answer: ref('Package'),
    errors: ON_PACKAGE,
  },
  deletePackage: {
    tag: 'Build API',
    scope: 'mx:deployment:write',
    needs: API_ANYWHERE,
    summary: 'Delete Package',
    description:
      'Deletes a package whose build has ended, which no environment uses and which is not pinned, with its file and its log.',
    answer: NOTHING,
    errors: [...ON_PACKAGE, 'PACKAGE_IN_USE'],
  },
  downloadPackage: {
    tag: 'Build API',
    scope: 'mx:deployment:read',
    needs: API_ANYWHERE,
    summary: 'Download Package',
    description: 'The file itself, never a redirect; with ranges. `Url.Location` of Retrieve Package does the same.',
    headers: RANGE,
    answer: 'application/octet-stream',
    errors: [...ON_PACKAGE, 'BUILD_NOT_SUCCEEDED', 'PACKAGE_DAMAGED', 'RANGE_NOT_SATISFIABLE'],
  },
  startBuild: {
    tag: 'Build API',
    scope: 'mx:deployment:write',
    needs: API_ANYWHERE,
    summary: 'Start Building Deployment Package',
    description:
      'Accepts a build and answers at once. Branch and revision are looked up first: what cannot be built is refused.',
    headers: {
      'Idempotency-Key': Type.Optional(
        Type.String({ minLength: 1, maxLength: 255, description: 'The same key and body give the same PackageId.' }),
      ),
    },
    body: StartBuildSchema,
    answer: StartBuildAnswerSchema,
    errors: [
      'INVALID_APPID',
      'INVALID_PARAMETERS',
      'INVALID_VERSION',
      'APP_NOT_FOUND',
      'IDEMPOTENCY_KEY_REUSED',
      'BUILD_FAILED',
      'PAYLOAD_TOO_LARGE',
    ],
  },
  cancelBuild: {
    tag: 'Builds',
    scope: 'mx:deployment:write',
    needs: API_ANYWHERE,
    summary: 'Cancel a build',
    description: 'The package becomes Failed, with the reason `canceled`.',
    answer: NOTHING,
    errors: [...ON_PACKAGE, 'BUILD_ALREADY_ENDED'],
  },
  pinPackage: {
    tag: 'Builds',
    scope: 'mx:deployment:write',
    needs: API_ANYWHERE,
    summary: 'Pin a package',
    description:
      'It is kept until it is unpinned, and is not deleted by hand either. Pinning it again changes nothing.',
    answer: NOTHING,
    errors: ON_PACKAGE,
  },
  unpinPackage: {
    tag: 'Builds',
    scope: 'mx:deployment:write',
    needs: API_ANYWHERE,
    summary: 'Unpin a package',
    description: 'It stays as long as anything else keeps it.',
    answer: NOTHING,
    errors: ON_PACKAGE,
  },
  followPackage: {
    tag: 'Builds',
    scope: 'mx:deployment:read',
    needs: API_ANYWHERE,
    summary: 'Follow a build',
    description:
      'Server-sent events: `status` with the package as JSON, `log` with one line. The ids of `log` events let a client that reconnects go on with `Last-Event-ID`. Ends after the final status.',
    headers: { 'Last-Event-ID': Type.Optional(Type.String({ description: 'The byte of the log to go on from.' })) },
    answer: 'text/event-stream',
    errors: ON_PACKAGE,
  },
  readLog: {
    tag: 'Builds',
    scope: 'mx:deployment:read',
    needs: API_ANYWHERE,
    summary: 'Read the log of a build',
    description: 'What there is of the log at this moment.',
    headers: RANGE,
    answer: 'text/plain',
    errors: [...ON_PACKAGE, 'RANGE_NOT_SATISFIABLE'],
  },
  followLink: {
    tag: 'Downloads',
    needs: 'nothing',
    summary: 'Follow a download link',
    description: 'Where `Url.Location` leads. Its validity is checked when the request starts.',
    query: { expires: Type.Integer({ description: 'Seconds since 1970.' }), signature: Type.String() },
    headers: RANGE,
    answer: 'application/octet-stream',
    errors: ['INVALID_LINK', 'PACKAGE_NOT_FOUND', 'PACKAGE_DAMAGED', 'RANGE_NOT_SATISFIABLE'],
  },
} as const satisfies Record<string, Operation>;
