import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { findPackage } from '../database/packages.ts';
import type { PackageRow } from '../database/schema.ts';
import { Refusal } from '../domain/refusal.ts';
import { parseStartBuild } from '../domain/start-build-request.ts';
import { findExpiryDateOf } from '../operations/find-expiry-dates.ts';
import type { WirePackage } from '../protocol/package.ts';
import { callerOf } from './caller.ts';
import type { HttpDependencies } from './http-dependencies.ts';
import { getPackageAddress, type PackageCall, requirePackage } from './package-calls.ts';
import { openPackageList } from './package-list.ts';
import { presentPackage } from './package-presenter.ts';
import { signUrl } from './package-url.ts';
import { waitForStatus } from './package-watch.ts';
import { parseBooleanParameter } from './query-parameters.ts';
import { parseRequestBody } from './request-body.ts';
import { withRequestSignal } from './request-signal.ts';
import { describe } from './route-schemas.ts';
import { getVisibleApp } from './visible-app.ts';
import { parseWait } from './wait-preference.ts';

interface AppCall {
  Params: { readonly app: string };
}

/** The documented calls on packages, except Download; canceling and pinning. */
export function addPackageRoutes(app: FastifyInstance, deps: HttpDependencies, closing: AbortSignal): void {
  app.route<AppCall>({
    method: ['GET', 'HEAD'],
    url: '/apps/:app/packages',
    schema: describe('listPackages'),
    handler: async (request, reply) => {
      const refusals = { malformed: 'INVALID_APPID', notFound: 'INVALID_APPID' } as const;
      const row = await getVisibleApp(deps.database.read, request, refusals);
      reply.type('application/json; charset=utf-8');
      return reply.send(await openPackageList(deps.database.read, row));
    },
  });

  app.route<PackageCall>({
    method: ['GET', 'HEAD'],
    url: '/apps/:app/packages/:packageId',
    schema: describe('retrievePackage'),
    handler: (request, reply) => retrievePackage(deps, request, reply, closing),
  });

  app.route<AppCall>({
    method: 'POST',
    url: '/apps/:app/packages',
    schema: describe('startBuild'),
    handler: async (request, reply) => ({ PackageId: await startBuild(deps, request, reply) }),
  });

  app.route<PackageCall>({
    method: 'DELETE',
    url: '/apps/:app/packages/:packageId',
    schema: describe('deletePackage'),
    handler: async (request) => {
      const { app, packageId } = await getPackageAddress(deps, request);
      await deps.operations.deletePackage({ app, user: callerOf(request).user, packageId });
      return {};
    },
  });

  app.route<AppCall>({
    method: 'DELETE',
    url: '/apps/:app/packages',
    schema: { ...describe('deletePackage'), hide: true },
    handler: async (request) => {
      // Where a script's variable was empty.
      const { caller, needs, params } = request;
      await getPackageAddress(deps, { caller, needs, params: { app: params.app, packageId: '' } });
    },
  });

  app.route<PackageCall>({
    method: 'POST',
    url: '/apps/:app/packages/:packageId/cancel',
    schema: describe('cancelBuild'),
    handler: async (request) => {
      const { app, packageId } = await getPackageAddress(deps, request);
      await deps.operations.cancelBuild({ app, user: callerOf(request).user, packageId });
      return {};
    },
  });

  for (const [method, operationId, pinned] of PINNING) {
    app.route<PackageCall>({
      method,
      url: '/apps/:app/packages/:packageId/pin',
      schema: describe(operationId),
      handler: async (request) => {
        const { app, packageId } = await getPackageAddress(deps, request);
        await deps.operations.pinPackage({ app, user: callerOf(request).user, packageId, pinned });
        return {};
      },
    });
  }
}

const PINNING = [
  ['PUT', 'pinPackage', true],
  ['DELETE', 'unpinPackage', false],
] as const;

async function retrievePackage(
  deps: HttpDependencies,
  request: FastifyRequest<PackageCall>,
  reply: FastifyReply,
  closing: AbortSignal,
): Promise<WirePackage> {
  const { app, packageId } = await getPackageAddress(deps, request);
  const withUrl = parseBooleanParameter(request.query, 'url');
  const wait = parseWait(request.query, request.headers.prefer);
  const row = requirePackage(await findPackage(deps.database.read, app.id, packageId));
  if (wait.preferred) reply.header('preference-applied', `wait=${wait.ms / 1000}`);
  const current = wait.ms === 0 ? row : await waitLonger(deps, row, wait.ms, reply, closing);
  const expiryDate = await findExpiryDateOf(deps.database.read, app, current);
  return presentPackage(current, expiryDate, withUrl ? await signUrl(deps, request, current) : undefined);
}

async function waitLonger(
  deps: HttpDependencies,
  row: PackageRow,
  timeoutMs: number,
  { raw: response }: FastifyReply,
  closing: AbortSignal,
): Promise<PackageRow> {
  return requirePackage(
    await withRequestSignal({ response, closing, timeoutMs }, (signal) => waitForStatus(deps, row, signal)),
  );
}

async function startBuild(
  deps: HttpDependencies,
  request: FastifyRequest<AppCall>,
  { raw: response }: FastifyReply,
): Promise<string> {
  const refusals = { malformed: 'INVALID_APPID', notFound: 'APP_NOT_FOUND' } as const;
  const app = await getVisibleApp(deps.database.read, request, refusals);
  const args = {
    app,
    user: callerOf(request).user,
    request: parseStartBuild(parseRequestBody(request.body)),
    idempotencyKey: parseIdempotencyKey(request.headers['idempotency-key']),
    traceParent: request.headers.traceparent?.toString(),
  };
  return withRequestSignal({ response }, (signal) => deps.operations.startBuild(args, signal));
}

/** @throws Refusal INVALID_PARAMETERS */
function parseIdempotencyKey(header: string | readonly string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  const key = String(header).trim();
  if (/^[\x20-\x7e]{1,255}$/.test(key)) return key;
  throw new Refusal('INVALID_PARAMETERS', 'The header Idempotency-Key must have 1 to 255 printable ASCII characters.');
}
