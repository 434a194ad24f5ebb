import type { FastifyInstance } from 'fastify';
import type { Database } from '../database/database.ts';
import { hasUsers } from '../database/users.ts';
import { Refusal } from '../domain/refusal.ts';
import type { MetricsText } from '../metrics/metrics.ts';
import { describe } from './route-schemas.ts';

export interface ProbeDependencies {
  readonly database: Pick<Database, 'read' | 'hasRoom'>;
  readonly renderMetrics: () => Promise<MetricsText>;
  /** Of a worker: whether it claimed builds the last time that it could, or found none. */
  readonly isClaiming?: () => boolean;
}

/**
 * How a process is: whether it lives, whether it can be counted on, and what it measures. None of it needs credentials, and
 * none of it names an app or a user.
 *
 * @param stopping fires when it is not to be counted on any more
 */
export function addProbeRoutes(
  app: FastifyInstance,
  { database, renderMetrics, isClaiming }: ProbeDependencies,
  stopping: AbortSignal,
): void {
  app.route({
    method: ['GET', 'HEAD'],
    url: '/healthz',
    schema: describe('health'),
    handler: async () => ({ Status: 'alive' }),
  });

  app.route({
    method: ['GET', 'HEAD'],
    url: '/readyz',
    schema: describe('readiness'),
    handler: async () => {
      if (stopping.aborted) throw new Refusal('SHUTTING_DOWN');
      if (isClaiming?.() === false)
        throw new Refusal('NOT_READY', 'The worker could not claim a build when it tried last.');
      await hasUsers(database.read).catch((error) => {
        throw new Refusal('NOT_READY', undefined, { cause: error });
      });
      // Still 200: what there is can be listed, downloaded and deleted, and somebody has to do the latter.
      return (await database.hasRoom()) ? { Status: 'ready' } : { Status: 'ready', Storage: 'full' };
    },
  });

  app.route({
    method: ['GET', 'HEAD'],
    url: '/metrics',
    schema: describe('metrics'),
    handler: async (_request, reply) => {
      const { contentType, text } = await renderMetrics();
      return reply.type(contentType).send(text);
    },
  });
}
