import type { FastifyInstance, FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify';
import { Refusal } from '../domain/refusal.ts';
import { covers } from '../domain/token-scopes.ts';
import { type Authentication, type Caller, readCredentials } from './authentication.ts';
import type { Needs, Operation } from './operation-description.ts';
import { getOperation } from './route-schemas.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by {@link guardRoutes}; read it with {@link callerOf}. */
    caller: Caller | undefined;
    /** What the call needs; what of it depends on the app is checked where that is found: see `visible-app.ts`. */
    needs: Needs | undefined;
  }
}

/**
 * Lets nobody unknown through to the routes that are added afterwards, before anything else of a request is looked at,
 * and nobody who may not make the call whatever it is about. A route that does not say who may make it stops the start.
 */
export function guardRoutes(api: FastifyInstance, authentication: Authentication): void {
  api.addHook('onRoute', (route) => {
    const operation = getOperation(route.schema);
    if (operation.needs === 'nothing') throw new Error(`${route.url} needs nothing, and is behind authentication.`);
    route.onRequest = authenticate(authentication, operation);
    if (route.method !== 'GET' && !Array.isArray(route.method)) {
      route.preHandler = (request) => authenticateAgain(authentication, request);
    }
  });
}

/** Leaves the routes that are added afterwards open: each has to say that it is meant to be. */
export function leaveRoutesOpen(api: FastifyInstance): void {
  api.addHook('onRoute', (route) => {
    if (getOperation(route.schema).needs === 'nothing') return;
    throw new Error(`${route.url} needs something, and is not behind authentication.`);
  });
}

function authenticate(authentication: Authentication, operation: Operation) {
  return (request: FastifyRequest, _reply: FastifyReply, done: HookHandlerDoneFunction): void => {
    const enter = (caller: Caller): void => letIn(operation, request, caller);
    const credentials = readCredentials(request.headers);
    const known = authentication.recall(credentials, request.ip);
    if (known !== undefined) {
      enter(known);
      done();
      return;
    }
    authentication
      .check(credentials, request.ip)
      .then(enter)
      .then(() => done(), done);
  };
}

/**
 * Looks once more who sent a request, now that its body is here: whoever sends slowly could otherwise go on with rights
 * and a key that were taken away meanwhile.
 *
 * @throws Refusal UNAUTHORIZED, NO_ACCESS
 */
export async function authenticateAgain(authentication: Authentication, request: FastifyRequest): Promise<void> {
  const caller = await authentication.checkAgain(readCredentials(request.headers), request.ip);
  letIn(getOperation(request.routeOptions.schema), request, caller);
}

/** @throws Refusal NO_ACCESS */
function letIn(operation: Operation, request: FastifyRequest, caller: Caller): void {
  requireScope(operation, caller);
  requireStanding(operation, request, caller);
  request.caller = caller;
  request.needs = operation.needs;
}

/** A token is good for what it was made for. @throws Refusal NO_ACCESS */
function requireScope({ scope }: Operation, { scopes }: Caller): void {
  if (scopes === undefined) return;
  if (scope !== undefined && covers(scopes, scope)) return;
  const what = scope === undefined ? 'needs an API key' : `needs the scope ${scope}`;
  throw new Refusal('NO_ACCESS', `This call ${what}, and the token is for ${scopes.join(', ')}.`);
}

/** @throws Refusal NO_ACCESS */
function requireStanding({ needs }: Operation, { params }: FastifyRequest, { user }: Caller): void {
  if (user.isAdmin) return;
  if (needs === 'admin') throw new Refusal('NO_ACCESS', 'Only an admin may do this.');
  if (needs === 'oneself' && !isAbout(params, user.login)) {
    throw new Refusal('NO_ACCESS', 'Only an admin may do this with the keys of others.');
  }
}

function isAbout(params: unknown, login: string): boolean {
  const given = typeof params === 'object' && params !== null && 'login' in params ? params.login : undefined;
  return typeof given === 'string' && given.trim().toLowerCase() === login;
}

/** Who sent a request that was let through. */
export function callerOf(request: Pick<FastifyRequest, 'caller'>): Caller {
  if (request.caller === undefined) throw new Error('This route is not behind authentication.');
  return request.caller;
}
