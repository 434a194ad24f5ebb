import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Refusal } from '../domain/refusal.ts';
import type { AttemptLimits } from './attempt-limits.ts';
import type { HttpDependencies } from './http-dependencies.ts';
import { describe } from './route-schemas.ts';

interface PushCall {
  Params: { readonly app: string };
}

/**
 * GitHub sends up to 25 MB and lists every file of every commit; what a push is built by is at its beginning. Few reach a
 * megabyte, and only some of those may be here at once, since nobody has shown yet who sends them.
 */
const MOST_PUSH_BYTES = 10 * 1024 * 1024;
const LARGE_BYTES = 1024 * 1024;
const MOST_LARGE = 4;
const COME_BACK_SECONDS = 10;

/** Where forges and hooks send pushes: each is valid by its signature alone. */
export function addPushRoute(
  app: FastifyInstance,
  { operations }: Pick<HttpDependencies, 'operations'>,
  limits: AttemptLimits,
): void {
  app.route<PushCall>({
    method: 'POST',
    url: '/hooks/:app',
    bodyLimit: MOST_PUSH_BYTES,
    schema: describe('receivePush'),
    onRequest: limitLargeBodies(),
    handler: async (request) => {
      const name = request.params.app;
      const attempt = { address: request.ip, login: name };
      await limits.check(attempt);
      try {
        return await operations.receivePush({
          app: name,
          header: (header) => headerOf(request, header),
          body: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
        });
      } catch (error) {
        if (error instanceof Refusal && error.code === 'INVALID_PUSH') await limits.countFailure(attempt);
        throw error;
      }
    },
  });
}

/** Lets so many large bodies in at once, and no more. */
function limitLargeBodies() {
  let large = 0;
  return async ({ headers, raw }: FastifyRequest<PushCall>): Promise<void> => {
    const length = headers['content-length'];
    if (length !== undefined && Number(length) <= LARGE_BYTES) return;
    if (large >= MOST_LARGE) {
      const message = `${MOST_LARGE} large pushes are being read already. Try again in ${COME_BACK_SECONDS} seconds.`;
      throw new Refusal('TOO_MANY_REQUESTS', message, { retryAfterSeconds: COME_BACK_SECONDS });
    }
    large += 1;
    raw.once('close', () => {
      large -= 1;
    });
  };
}

function headerOf({ headers }: FastifyRequest<PushCall>, name: string): string {
  const value = headers[name];
  return typeof value === 'string' ? value : '';
}
