import type { ServerResponse } from 'node:http';

/**
 * Runs work under a signal that fires when the client has gone, the server closes, or the time is up: whatever comes
 * first. Nothing of it is left once the work has ended.
 *
 * @param closing fires when the server closes; undefined for work that may finish
 */
export async function withRequestSignal<T>(
  { response, closing, timeoutMs }: RequestSignalOptions,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const abort = () => controller.abort();
  const timer = timeoutMs === undefined ? undefined : setTimeout(abort, timeoutMs);
  response.once('close', abort);
  closing?.addEventListener('abort', abort);
  if (closing?.aborted === true || response.destroyed) abort();
  try {
    return await work(controller.signal);
  } finally {
    clearTimeout(timer);
    response.off('close', abort);
    closing?.removeEventListener('abort', abort);
  }
}

export interface RequestSignalOptions {
  readonly response: ServerResponse;
  readonly closing?: AbortSignal;
  readonly timeoutMs?: number;
}
