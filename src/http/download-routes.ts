import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { BlobError } from '../blob/blob-store.ts';
import { findApp } from '../database/apps.ts';
import { findAnyPackage } from '../database/packages.ts';
import type { PackageRow } from '../database/schema.ts';
import { parsePackageId } from '../domain/identifiers.ts';
import { Refusal } from '../domain/refusal.ts';
import { contentDisposition } from './content-disposition.ts';
import { sendFile } from './file-reply.ts';
import type { HttpDependencies } from './http-dependencies.ts';
import { getPackage, type PackageCall, requirePackage } from './package-calls.ts';
import { readParameter } from './query-parameters.ts';
import { describe } from './route-schemas.ts';

type DownloadDependencies = Pick<HttpDependencies, 'database' | 'blobs' | 'links' | 'clock' | 'logger'>;

/** The documented download call: the bytes themselves, never a redirect. */
export function addDownloadRoute(app: FastifyInstance, deps: DownloadDependencies): void {
  app.route<PackageCall>({
    method: ['GET', 'HEAD'],
    url: '/apps/:app/packages/:packageId/download',
    schema: describe('downloadPackage'),
    handler: async (request, reply) => {
      const row = await getPackage(deps, request);
      if (row.status !== 'Succeeded') {
        const message = `Build not successful finished: the package is ${row.status}.`;
        throw new Refusal('BUILD_NOT_SUCCEEDED', message);
      }
      return sendPackage(deps, request, reply, row);
    },
  });
}

interface LinkCall {
  Params: { readonly packageId: string; readonly fileName: string };
}

/** Where `Url.Location` leads: valid by its signature alone, from the moment it was made until it expires. */
export function addLinkRoute(app: FastifyInstance, deps: DownloadDependencies): void {
  app.route<LinkCall>({
    method: ['GET', 'HEAD'],
    url: '/download/:packageId/:fileName',
    schema: describe('followLink'),
    handler: async (request, reply) => {
      checkLink(deps, request);
      const packageId = parsePackageId(request.params.packageId);
      if (packageId === undefined) throw new Refusal('INVALID_LINK');
      const row = requirePackage(await findAnyPackage(deps.database.read, packageId));
      const isDeleted = (await findApp(deps.database.read, row.app_id)) === undefined;
      if (row.status !== 'Succeeded' || isDeleted) throw new Refusal('PACKAGE_NOT_FOUND');
      return sendPackage(deps, request, reply, row);
    },
  });
}

/** @throws Refusal INVALID_LINK */
function checkLink({ links, clock }: DownloadDependencies, { params, query }: FastifyRequest<LinkCall>): void {
  const expires = readParameter(query, 'expires') ?? '';
  const signature = readParameter(query, 'signature') ?? '';
  const expiresAt = /^(?:0|[1-9]\d{0,11})$/.test(expires) ? Number(expires) : Number.NaN;
  if (!links.isGenuine(params, expiresAt, signature)) {
    throw new Refusal('INVALID_LINK', 'This download link was not made by this server, or was changed.');
  }
  if (clock() >= expiresAt * 1000) {
    throw new Refusal('INVALID_LINK', 'This download link has expired. Ask for the package with url=true again.');
  }
}

async function sendPackage(
  { blobs, logger }: DownloadDependencies,
  request: FastifyRequest,
  reply: FastifyReply,
  { id, name, blob_key: key, sha256, size_bytes: sizeBytes }: PackageRow,
): Promise<FastifyReply> {
  if (key === null || sha256 === null) throw new Error(`The package ${id} has Succeeded without a file.`);
  const stored = await blobs.findSize(key);
  if (stored !== sizeBytes) throw damaged(`The file of package ${id} has ${stored ?? 'no'} bytes, not ${sizeBytes}.`);
  return sendFile(request, reply, {
    sizeBytes,
    contentType: 'application/octet-stream',
    etag: `"${sha256}"`,
    headers: {
      'content-disposition': contentDisposition(name),
      'repr-digest': `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`,
      'cache-control': 'private, no-transform',
    },
    async open(range) {
      try {
        return await blobs.read(key, range);
      } catch (error) {
        const isGone = error instanceof BlobError && error.kind === 'missing';
        throw isGone ? damaged(error.message, error) : error;
      }
    },
    onError: (error) => logger.error({ err: error, packageId: id }, 'a package could not be read'),
  });
}

/** The client learns what to do; what is wrong with which file is for the log. */
function damaged(detail: string, cause?: unknown): Refusal {
  return new Refusal('PACKAGE_DAMAGED', undefined, { cause: new Error(detail, { cause }) });
}
