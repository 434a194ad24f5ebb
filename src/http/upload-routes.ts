import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { findAnyPackage, findPackage } from '../database/packages.ts';
import type { PackageRow } from '../database/schema.ts';
import { type PackageId, parsePackageId } from '../domain/identifiers.ts';
import { Refusal } from '../domain/refusal.ts';
import type { UploadFields } from '../domain/upload-fields.ts';
import { hasEnded } from '../protocol/package.ts';
import type { WireJob } from '../protocol/uploads.ts';
import type { Authentication } from './authentication.ts';
import { authenticateAgain, callerOf } from './caller.ts';
import type { HttpDependencies } from './http-dependencies.ts';
import { watchPackage } from './package-watch.ts';
import { readParameter } from './query-parameters.ts';
import { discardBody, readRequestBytes } from './request-bytes.ts';
import { withRequestSignal } from './request-signal.ts';
import { describe } from './route-schemas.ts';
import { FORM_BYTES, readUploadBody, type Sink, tooLarge } from './upload-body.ts';
import { type AppRefusals, getVisibleApp } from './visible-app.ts';

interface AppCall {
  Params: { readonly app: string };
}

interface JobCall {
  Params: { readonly app: string; readonly jobId: string };
}

const ON_APP: AppRefusals = { malformed: 'INVALID_APPID', notFound: 'APP_NOT_FOUND' };

/** Upload as the first version of the Deploy API has it: answered when the package has Succeeded. */
export function addUploadRoute(
  app: FastifyInstance,
  deps: HttpDependencies,
  authentication: Authentication,
  closing: AbortSignal,
): void {
  takeBodiesAsTheyCome(app);
  app.route<AppCall>({
    method: 'POST',
    url: '/apps/:app/packages/upload',
    config: { largeBody: true },
    schema: describe('uploadPackage'),
    handler: async (request, reply) => {
      const packageId = await receive(deps, authentication, request);
      requireSound(await waitForEnd(deps, packageId, reply, closing));
      return { PackageId: packageId };
    },
  });
}

/** Upload as the second version has it: answered when the bytes are here, with a job that checks them. */
export function addUploadJobRoutes(app: FastifyInstance, deps: HttpDependencies, authentication: Authentication): void {
  app.route<JobCall>({
    method: ['GET', 'HEAD'],
    url: '/apps/:app/jobs/:jobId',
    schema: describe('retrieveJob'),
    handler: async (request): Promise<WireJob> => {
      const { id } = await getVisibleApp(deps.database.read, request, ON_APP);
      const jobId = parsePackageId(request.params.jobId.trim());
      const row = jobId && (await findPackage(deps.database.read, id, jobId));
      if (row?.origin !== 'upload') throw new Refusal('NO_SUCH_JOB');
      return { Status: jobStatus(row) };
    },
  });
  app.register(async (upload) => {
    takeBodiesAsTheyCome(upload);
    upload.route<AppCall>({
      method: 'POST',
      url: '/apps/:app/packages/upload',
      config: { largeBody: true },
      schema: describe('uploadPackageAsJob'),
      handler: async (request) => {
        const packageId = await receive(deps, authentication, request);
        return { PackageId: packageId, JobId: packageId };
      },
    });
  });
}

/** The routes of this scope read their bodies themselves. */
function takeBodiesAsTheyCome(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, body, done) => done(null, body));
}

async function receive(
  deps: HttpDependencies,
  authentication: Authentication,
  request: FastifyRequest<AppCall>,
): Promise<PackageId> {
  const { user } = callerOf(request);
  const query = {
    name: readParameter(request.query, 'name'),
    description: readParameter(request.query, 'description'),
  };
  try {
    const app = await getVisibleApp(deps.database.read, request, ON_APP);
    const read = async (sink: Sink): Promise<UploadFields> => {
      const part = await readBody(request.raw, deps.settings.uploadLimitBytes, sink);
      await authenticateAgain(authentication, request);
      await getVisibleApp(deps.database.read, request, ON_APP);
      return { name: query.name ?? part.name, description: query.description ?? part.description };
    };
    return await deps.operations.receiveUpload({ app, user, read });
  } catch (error) {
    discardBody(request.raw);
    throw error;
  }
}

async function readBody(request: IncomingMessage, mostBytes: number, sink: Sink): Promise<UploadFields> {
  if (Number(request.headers['content-length'] ?? 0) > mostBytes + FORM_BYTES) throw tooLarge(mostBytes);
  return await readUploadBody(readRequestBytes(request), mostBytes, sink);
}

async function waitForEnd(
  deps: HttpDependencies,
  packageId: PackageId,
  { raw: response }: FastifyReply,
  closing: AbortSignal,
): Promise<PackageRow | undefined> {
  const row = await findAnyPackage(deps.database.read, packageId);
  if (row === undefined) return undefined;
  return await withRequestSignal({ response, closing }, async (signal) => {
    for await (const current of watchPackage(deps, row, signal)) if (hasEnded(current.status)) return current;
    if (response.destroyed) throw new Refusal('REQUEST_TIMEOUT', 'The client has gone.');
    if (!closing.aborted) return undefined;
    throw new Refusal(
      'SHUTTING_DOWN',
      `The server is shutting down. The package ${packageId} is here, and is checked when it starts again.`,
    );
  });
}

/** @throws Refusal INVALID_PACKAGE, UPLOAD_COPY_FAILED */
function requireSound(row: PackageRow | undefined): void {
  if (row?.status === 'Succeeded') return;
  const reason = row?.failure_reason ?? 'It was deleted meanwhile.';
  if (row?.failure_code === 'package-invalid') throw new Refusal('INVALID_PACKAGE', reason);
  throw new Refusal('UPLOAD_COPY_FAILED', `The uploaded package could not be taken. ${reason}`);
}

/** The check of an upload is its job: the package itself is all that is to be known of it. */
function jobStatus(row: PackageRow): WireJob['Status'] {
  if (row.status === 'Succeeded') return 'Completed';
  if (row.status === 'Failed') return 'Failed';
  return row.interruptions === 0 ? 'Queued' : 'Running';
}
