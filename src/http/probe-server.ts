import fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import { refuse, replyToError } from './error-reply.ts';
import { addProbeRoutes, type ProbeDependencies } from './probe-routes.ts';

export interface ProbeServerDependencies extends ProbeDependencies {
  readonly logger: FastifyBaseLogger;
}

/** A server of its own for what asks how a process is, so that nothing else of it has to be reached for that. */
export function buildProbeServer(deps: ProbeServerDependencies, stopping: AbortSignal): FastifyInstance {
  // Whoever asks every few seconds keeps its connection.
  const app = fastify({ exposeHeadRoutes: false, forceCloseConnections: true });
  app.setSerializerCompiler(() => JSON.stringify);
  app.setNotFoundHandler((_request, reply) => {
    const { status, headers, body } = refuse('NOT_FOUND');
    reply.code(status).headers(headers).send(body);
  });
  app.setErrorHandler((error, { url }, reply) => {
    const { status, headers, body, log } = replyToError(error);
    if (log !== undefined) {
      deps.logger[log.level]({ err: error, requestId: log.requestId, address: url }, 'a probe was not answered well');
    }
    reply.code(status).headers(headers).send(body);
  });
  addProbeRoutes(app, deps, stopping);
  return app;
}
