import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';

export interface ApiRequest {
  readonly method: 'GET' | 'PATCH';
  readonly url: URL;
  readonly token: string;
  /** Authorities that vouch for the server, as PEM; those of Node.js where left out. */
  readonly ca?: string | undefined;
  /** A JSON merge patch. */
  readonly body?: string | undefined;
}

export interface ApiAnswer {
  readonly status: number;
  readonly text: string;
}

/**
 * One request to the Kubernetes API. It follows no redirection, so that the token goes to nobody else.
 *
 * @throws Error of node:https, and the reason of `signal`
 */
export async function sendRequest(
  { method, url, token, ca, body }: ApiRequest,
  signal: AbortSignal,
): Promise<ApiAnswer> {
  signal.throwIfAborted();
  const headers = {
    Accept: 'application/json',
    Authorization: `Bearer ${token}`,
    'User-Agent': 'slipway',
    ...(body !== undefined && {
      'Content-Type': 'application/merge-patch+json',
      'Content-Length': Buffer.byteLength(body),
    }),
  };
  try {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const options = { method, headers, agent: false, signal, ...(ca !== undefined && { ca }) };
      request(url, options, resolve).on('error', reject).end(body);
    });
    return { status: answer.statusCode ?? 0, text: await readText(answer) };
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}

/** Kubernetes keeps no object of more than a few megabytes. */
const MOST_BYTES = 16 * 1024 * 1024;

async function readText(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of answer) {
    chunks.push(chunk);
    sizeBytes += chunk.length;
    if (sizeBytes > MOST_BYTES) throw new Error(`its answer has more than ${MOST_BYTES} bytes`);
  }
  return Buffer.concat(chunks).toString();
}
