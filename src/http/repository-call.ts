import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AppRow } from '../database/schema.ts';
import { type BranchRequest, parseBranch } from '../domain/branch-name.ts';
import type { HttpDependencies } from './http-dependencies.ts';
import { withRequestSignal } from './request-signal.ts';
import { getVisibleApp } from './visible-app.ts';

/** The address of a call on the repository of an app. */
export interface RepositoryCall {
  Params: { readonly app: string; readonly branch?: string };
}

const REFUSALS = { malformed: 'INVALID_APPID', notFound: 'APP_NOT_FOUND' } as const;

/**
 * A handler that asks the repository of an app, for as long as the client waits.
 *
 * @param ask `query` is that of the request, `branch` the one of its address
 */
export function askRepository<T>(
  { database }: Pick<HttpDependencies, 'database'>,
  ask: (
    app: AppRow,
    call: { readonly query: unknown; readonly branch: BranchRequest },
    signal: AbortSignal,
  ) => Promise<T>,
) {
  return async (request: FastifyRequest<RepositoryCall>, { raw: response }: FastifyReply): Promise<T> => {
    const app = await getVisibleApp(database.read, request, REFUSALS);
    const call = { query: request.query, branch: parseBranch(request.params.branch) };
    return await withRequestSignal({ response }, (signal) => ask(app, call, signal));
  };
}
