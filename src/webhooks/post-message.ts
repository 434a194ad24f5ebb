import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { describePostFailure } from './post-failure.ts';
import { lookupAllowed, type Resolve, refuseLiteral, resolveBySystem } from './reach.ts';
import { hostOf } from './webhook-url.ts';

export interface PostOptions {
  /** What may be reached beside the public internet. */
  readonly networks: readonly string[];
  /** How long everything may take, from the look-up of the name to the end of the answer. */
  readonly answerMs: number;
  readonly resolve?: Resolve;
}

export interface Posting {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export type PostAnswer =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      /** The beginning of its body. */
      readonly text: string;
    }
  /** There was no answer; why, in a sentence. */
  | { readonly kind: 'unanswered'; readonly error: string };

const MOST_BODY_BYTES = 4096;

/**
 * Posts a message once, over a connection of its own. Redirects are not followed. Of an answer the status decides: its
 * body may break off or not end.
 *
 * @throws the reason of `signal`
 */
export async function postMessage(options: PostOptions, posting: Posting, signal: AbortSignal): Promise<PostAnswer> {
  signal.throwIfAborted();
  const timeout = AbortSignal.timeout(options.answerMs);
  try {
    const response = await send(options, posting, AbortSignal.any([signal, timeout]));
    const text = await readBeginning(response);
    signal.throwIfAborted();
    return { kind: 'answered', status: response.statusCode ?? 0, headers: flatten(response), text };
  } catch (error) {
    signal.throwIfAborted();
    const { host } = new URL(posting.url);
    const late = `${host} did not answer within ${options.answerMs / 1000} s.`;
    return { kind: 'unanswered', error: timeout.aborted ? late : describePostFailure(host, error) };
  }
}

function send(
  { networks, resolve = resolveBySystem }: PostOptions,
  { url: text, headers, body }: Posting,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const url = new URL(text);
  refuseLiteral(hostOf(url), networks);
  const request = url.protocol === 'https:' ? requestHttps : requestHttp;
  const { promise, resolve: answered, reject } = Promise.withResolvers<IncomingMessage>();
  // No agent that keeps connections, or takes a proxy from the environment: each is made to an address that was checked.
  const made = request(url, {
    method: 'POST',
    headers,
    agent: false,
    lookup: lookupAllowed(networks, resolve),
    signal,
  });
  made.on('response', answered).on('error', reject);
  made.on('upgrade', ({ statusCode }, socket) => {
    socket.destroy();
    reject(new Error(`it answered ${statusCode}, to go on with what is not HTTP`));
  });
  // Whatever becomes of a connection, nobody waits for one that has ended.
  made.on('close', () => reject(new Error('the connection ended before there was an answer')));
  made.end(body);
  return promise;
}

async function readBeginning(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= MOST_BODY_BYTES) break;
    }
  } catch {
    // What came until then is what it said.
  }
  // Leaving the loop ends the connection. PostgreSQL has no text with NUL in it.
  return Buffer.concat(chunks).subarray(0, MOST_BODY_BYTES).toString().replaceAll('\0', '\u{fffd}');
}

function flatten({ headersDistinct }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(Object.entries(headersDistinct).map(([name, values]) => [name, values?.join(', ') ?? '']));
}
