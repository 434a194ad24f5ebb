import type { FastifyInstance } from 'fastify';
import { sendFile } from './file-reply.ts';
import type { HttpDependencies } from './http-dependencies.ts';
import { getPackage, type PackageCall } from './package-calls.ts';
import { describe } from './route-schemas.ts';

/** The log of a build as text: what there is of it at this moment. */
export function addLogRoute(
  app: FastifyInstance,
  deps: Pick<HttpDependencies, 'database' | 'buildLog' | 'logger'>,
): void {
  app.route<PackageCall>({
    method: ['GET', 'HEAD'],
    url: '/apps/:app/packages/:packageId/log',
    schema: describe('readLog'),
    handler: async (request, reply) => {
      const { id } = await getPackage(deps, request);
      return sendFile(request, reply, {
        sizeBytes: await deps.buildLog.size(id),
        contentType: 'text/plain; charset=utf-8',
        headers: { 'cache-control': 'private, no-store', 'x-content-type-options': 'nosniff' },
        open: ({ start, end }) => deps.buildLog.read(id, { start, end: end + 1 }),
        onError: (error) => deps.logger.error({ err: error, packageId: id }, 'a build log could not be read'),
      });
    },
  });
}
