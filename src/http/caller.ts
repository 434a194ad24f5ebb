import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify';
import { Refusal } from '../domain/refusal.ts';
import { type Authentication, type Caller, readCredentials } from './authentication.ts';

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
      done();
      return;
    }
    authentication.check(credentials, request.ip).then((caller) => {
      request.caller = caller;
      done();
    }, done);
  };
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
