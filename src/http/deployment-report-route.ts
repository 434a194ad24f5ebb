import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Refusal } from '../domain/refusal.ts';
import type { AttemptLimits } from './attempt-limits.ts';
import type { HttpDependencies } from './http-dependencies.ts';
import { describe } from './route-schemas.ts';

interface ReportCall {
  Params: { readonly orderId: string };
}

const MOST_REPORT_BYTES = 64 * 1024;

/** Where systems that deploy report of orders: valid by its signature alone. */
export function addDeploymentReportRoute(
  app: FastifyInstance,
  { operations }: Pick<HttpDependencies, 'operations'>,
  limits: AttemptLimits,
): void {
  app.route<ReportCall>({
    method: 'POST',
    url: '/deployments/:orderId',
    bodyLimit: MOST_REPORT_BYTES,
    schema: describe('reportDeployment'),
    handler: async (request) => {
      const { orderId } = request.params;
      const attempt = { address: request.ip, login: orderId };
      await limits.check(attempt);
      try {
        await operations.takeDeploymentReport({
          orderId,
          id: headerOf(request, 'webhook-id'),
          timestamp: headerOf(request, 'webhook-timestamp'),
          signature: headerOf(request, 'webhook-signature'),
          body: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
        });
      } catch (error) {
        if (error instanceof Refusal && error.code === 'INVALID_REPORT') await limits.countFailure(attempt);
        throw error;
      }
      return {};
    },
  });
}

function headerOf({ headers }: FastifyRequest<ReportCall>, name: string): string {
  const value = headers[name];
  return typeof value === 'string' ? value : '';
}
