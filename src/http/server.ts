import { setMaxListeners } from 'node:events';
import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { addAppRepositoryRoutes } from './app-repository-routes.ts';
import { createAttemptLimits } from './attempt-limits.ts';
import { createAuthentication } from './authentication.ts';
import { limitBodyTime } from './body-time.ts';
import { guardRoutes, leaveRoutesOpen } from './caller.ts';
import { addDeployRoutes } from './deploy-routes.ts';
import { addDeploymentReportRoute } from './deployment-report-route.ts';
import { addDownloadRoute, addLinkRoute } from './download-routes.ts';
import {
  asAppRepositoryError,
  asWebhooksError,
  type ErrorReply,
  formatReply,
  refuse,
  replyToConnectionError,
  replyToError,
} from './error-reply.ts';
import { addEventRoute } from './event-routes.ts';
import { addFreeAppRoutes } from './free-app-routes.ts';
import { closeGracefully } from './graceful-close.ts';
import type { HttpDependencies, HttpSettings } from './http-dependencies.ts';
import { createKeyUses } from './key-uses.ts';
import { addLogRoute } from './log-routes.ts';
import { addManageAppRoutes } from './manage-app-routes.ts';
import { addManageEnvironmentRoutes } from './manage-environment-routes.ts';
import { addManagePermissionRoutes } from './manage-permission-routes.ts';
import { addManagePruneRoute } from './manage-prune-route.ts';
import { addManagePushRoutes } from './manage-push-routes.ts';
import { addManageSecretRoutes } from './manage-secret-routes.ts';
import { addManageUserRoutes } from './manage-user-routes.ts';
import { collectRoutes } from './openapi-document.ts';
import { addOperationRoutes } from './operation-routes.ts';
import { addPackageRoutes } from './package-routes.ts';
import { addPushRoute } from './push-route.ts';
import { addTeamServerRoutes } from './team-server-routes.ts';
import { addUploadJobRoutes, addUploadRoute } from './upload-routes.ts';
import { addWebhookMessageRoutes } from './webhook-message-routes.ts';
import { addWebhookRoutes } from './webhook-routes.ts';

/**
 * The HTTP server: owns how requests are read, who may make them, and how answers and errors look on the wire. What is
 * done about a request is in `operations/`; nothing here writes to the database but the last use of keys.
 *
 * Invariants: every answer that is not 2xx is `{errorCode, errorMessage}` in JSON, also for what is no valid HTTP; an
 * app that the caller may not see is answered like one that does not exist; memory does not grow with the size of a
 * list, a log or a file.
 *
 * Closing it refuses new connections, answers who waits, ends streams of events, and lets other answers finish within
 * `closeTimeoutMs`.
 */
export function buildHttpServer(deps: HttpDependencies): FastifyInstance {
  const { settings, logger } = deps;
  const closing = new AbortController();
  setMaxListeners(0, closing.signal);
  const app = fastify({
    serverFactory: (handler) => openServer(settings, handler),
    clientErrorHandler: (error, socket) => {
      if (socket.writable && error.code !== 'ECONNRESET') socket.write(replyToConnectionError(error));
      socket.destroySoon();
    },
    frameworkErrors: (error, _request, reply) => sendError(deps, reply, error),
    rewriteUrl: ({ url = '/' }) => normalizeUrl(url),
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: MAX_PARAM_LENGTH },
    exposeHeadRoutes: false,
    return503OnClosing: false,
    bodyLimit: settings.bodyLimitBytes,
    trustProxy: typeof settings.trustProxy === 'boolean' ? settings.trustProxy : [...settings.trustProxy],
  });
  // Requests are read by the routes, and presenters choose what an answer holds.
  app.setValidatorCompiler(() => () => true);
  app.setSerializerCompiler(() => JSON.stringify);
  app.setErrorHandler((error, _request, reply) => sendError(deps, reply, error));
  app.setNotFoundHandler((request, reply) => sendReply(reply, refuseAddress(app, request.method, request.url)));
  takeEveryBody(app);
  observeRoutes(app, deps);
  collectRoutes(app);
  closeGracefully(app, closing, settings.closeTimeoutMs);
  addRoutes(app, deps, closing.signal);
  logger.debug('the HTTP server is built');
  return app;
}

const APP_REPOSITORY = '/v1';
const WEBHOOKS = '/api/v1';
/** Below these, errors look as they are documented there. */
const ERROR_DIALECTS = [
  [`${APP_REPOSITORY}/`, asAppRepositoryError],
  [`${WEBHOOKS}/`, asWebhooksError],
] as const;

/** Long enough for every id and file name, short enough for a log line. */
const MAX_PARAM_LENGTH = 2000;

function addRoutes(app: FastifyInstance, deps: HttpDependencies, closing: AbortSignal): void {
  const keyUses = createKeyUses(deps);
  const authentication = createAuthentication({ ...deps, keyUses, limits: createAttemptLimits() });
  app.decorateRequest('caller', undefined);
  app.decorateRequest('needs', undefined);
  app.addHook('onClose', keyUses.flush);
  app.register(
    async (api) => {
      guardRoutes(api, authentication);
      addPackageRoutes(api, deps, closing);
      addDownloadRoute(api, deps);
      addLogRoute(api, deps);
      addEventRoute(api, deps, closing);
      addTeamServerRoutes(api, deps);
      addDeployRoutes(api, deps);
      addFreeAppRoutes(api, deps, authentication);
      api.register(async (upload) => addUploadRoute(upload, deps, authentication, closing));
    },
    { prefix: '/api/1' },
  );
  app.register(
    async (api) => {
      guardRoutes(api, authentication);
      addUploadJobRoutes(api, deps, authentication);
    },
    { prefix: '/api/v2' },
  );
  app.register(
    async (api) => {
      guardRoutes(api, authentication);
      addAppRepositoryRoutes(api, deps);
    },
    { prefix: APP_REPOSITORY },
  );
  app.register(
    async (api) => {
      guardRoutes(api, authentication);
      addWebhookRoutes(api, deps);
      addWebhookMessageRoutes(api, deps);
    },
    { prefix: WEBHOOKS },
  );
  app.register(
    async (manage) => {
      guardRoutes(manage, authentication);
      addManageAppRoutes(manage, deps, authentication);
      addManageEnvironmentRoutes(manage, deps, authentication);
      addManagePermissionRoutes(manage, deps, authentication);
      addManagePruneRoute(manage, deps, closing);
      addManagePushRoutes(manage, deps);
      addManageSecretRoutes(manage, deps, authentication);
      addManageUserRoutes(manage, deps, authentication);
    },
    { prefix: '/manage/1' },
  );
  app.register(async (open) => {
    leaveRoutesOpen(open);
    addLinkRoute(open, deps);
    addDeploymentReportRoute(open, deps, createAttemptLimits());
    addPushRoute(open, deps, createAttemptLimits());
    addOperationRoutes(open, deps, closing);
  });
}

const HEADERS_TIMEOUT_MS = 60_000;
/** A gigabyte over a line of 75 kB/s. Other bodies have less time: see `body-time.ts`. */
const LARGE_BODY_TIMEOUT_MS = 4 * 60 * 60 * 1000;

function openServer({ tls }: HttpSettings, handler: RequestListener): Server {
  // Node answers a missing Host by itself, and not in JSON.
  const options: ServerOptions = {
    requireHostHeader: false,
    keepAliveTimeout: 75_000,
    noDelay: true,
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: LARGE_BODY_TIMEOUT_MS,
  };
  const server = tls === undefined ? createServer(options, handler) : createTlsServer({ ...options, ...tls }, handler);
  // Expectations other than 100-continue may be ignored (RFC 9110, 10.1.1); Node would answer 417 without a body.
  server.on('checkExpectation', handler);
  server.on('connect', (_request, socket) => socket.end(formatReply(refuse('METHOD_NOT_ALLOWED'))));
  return server;
}

/** A client whose base address ends in a slash sends two; one that takes us for a proxy sends a whole URL. */
function normalizeUrl(url: string): string {
  if (url.startsWith('/') && url[1] !== '/') return url;
  return url.replace(/^https?:\/\/[^/?#]*/i, '').replace(/^\/*/, '/');
}

/** Whatever the Content-Type says, or does not: the body is kept as bytes, and the route makes sense of it. */
function takeEveryBody(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.addHook('onRequest', (request, _reply, done) => {
    limitBodyTime(request);
    // Fastify would refuse a type that is none, such as the literal `false` that a client is known to send.
    if (request.method !== 'GET') request.raw.headers['content-type'] = undefined;
    done();
  });
}

function observeRoutes(app: FastifyInstance, { metrics }: HttpDependencies): void {
  app.addHook('onRoute', (route) => {
    const { url } = route;
    route.onResponse = (request, reply, done) => {
      metrics.observeHttp(request.method, url, reply.statusCode, reply.elapsedTime / 1000);
      done();
    };
  });
}

function sendError({ logger }: HttpDependencies, reply: FastifyReply, error: unknown): void {
  const answer = replyToError(error);
  if (answer.log !== undefined) {
    const { method, url } = reply.request;
    // The query of a link is a secret.
    const address = url.split('?', 1)[0];
    logger[answer.log.level]({ err: error, requestId: answer.log.requestId, method, address }, 'a request failed');
  }
  sendReply(reply, answer);
}

/** Headers that were set for another answer are taken back. */
function sendReply(reply: FastifyReply, answer: ErrorReply): void {
  const [, translate] = ERROR_DIALECTS.find(([below]) => reply.request.url.startsWith(below)) ?? [];
  const { status, headers, body } = translate?.(answer) ?? answer;
  for (const name of Object.keys(reply.getHeaders())) if (!KEPT_HEADERS.has(name)) reply.removeHeader(name);
  reply.code(status).headers(headers).send(body);
}

const KEPT_HEADERS = new Set(['connection', 'content-range']);

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

function refuseAddress(app: FastifyInstance, method: string, url: string): ErrorReply {
  const path = url.split('?', 1)[0] ?? '/';
  const allowed = METHODS.filter((other) => app.findRoute({ method: other, url: path }) !== null);
  if (allowed.length === 0) return refuse('NOT_FOUND');
  const message = `This address does not take ${method}, only ${allowed.join(', ')}.`;
  return refuse('METHOD_NOT_ALLOWED', message, { allow: allowed.join(', ') });
}
