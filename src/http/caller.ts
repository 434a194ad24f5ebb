import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify';
import { Refusal } from '../domain/refusal.ts';
import { covers } from '../domain/token-scopes.ts';
import { type Authentication, type Caller, readCredentials } from './authentication.ts';
import { scopeOf } from './route-schemas.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by {@link authenticate}; read it with {@link callerOf}. */
    caller: Caller | undefined;
  }
}

/** A hook that lets nobody unknown through, before anything else of the request is looked at. */
export function authenticate(authentication: Authentication) {
  return (request: FastifyRequest, _reply: FastifyReply, done: HookHandlerDoneFunction): void => {
    const credentials = readCredentials(request.headers);
    request.caller = authentication.recall(credentials, request.ip);
    if (request.caller !== undefined) {
      requireScope(request, request.caller);
      done();
      return;
    }
    const enter = (caller: Caller) => {
      requireScope(request, caller);
      request.caller = caller;
    };
    authentication
      .check(credentials, request.ip)
      .then(enter)
      .then(() => done(), done);
  };
}

/** A token is good for what it was made for. @throws Refusal NO_ACCESS */
function requireScope({ routeOptions }: FastifyRequest, { scopes }: Caller): void {
  if (scopes === undefined) return;
  const needed = scopeOf(routeOptions.schema);
  if (needed !== undefined && covers(scopes, needed)) return;
  const what = needed === undefined ? 'needs an API key' : `needs the scope ${needed}`;
  throw new Refusal('NO_ACCESS', `This call ${what}, and the token is for ${scopes.join(', ')}.`);
}

/** Who sent a request that {@link authenticate} let through. */
export function callerOf(request: Pick<FastifyRequest, 'caller'>): Caller {
  if (request.caller === undefined) throw new Error('This route is not behind authentication.');
  return request.caller;
}

/** @throws Refusal NO_ACCESS */
export function requireAdmin(caller: Caller): Caller {
  if (!caller.user.isAdmin) throw new Refusal('NO_ACCESS', 'Only an admin may do this.');
  return caller;
}
