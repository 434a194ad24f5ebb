import type { IncomingMessage } from 'node:http';

/** A client that sends nothing for so long is gone. */
const SILENCE_MS = 120_000;
/** For so long the rest of a body is read and thrown away, so that a client that sends on gets to read its answer. */
const LINGER_MS = 30_000;

/**
 * The body of a request as it comes in, one chunk when the last was used. Reading it does not end the request, whatever
 * happens: an answer can still be sent.
 *
 * @throws Error when the connection ends before the body does, or was silent for so long that it was ended
 */
export async function* readRequestBytes(
  request: IncomingMessage,
  silenceMs: number = SILENCE_MS,
): AsyncGenerator<Uint8Array, void> {
  request.setTimeout(silenceMs);
  try {
    yield* request.iterator({ destroyOnReturn: false });
  } finally {
    request.setTimeout(0);
  }
}

/** Lets go of a body that nobody will read. To be called when its request is going to be refused. */
export function discardBody(request: IncomingMessage, lingerMs: number = LINGER_MS): void {
  if (request.complete || request.destroyed) return;
  request.resume();
  const timer = setTimeout(() => request.destroy(), lingerMs).unref();
  request.once('close', () => clearTimeout(timer));
}
