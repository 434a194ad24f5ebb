import { ClientError } from './client-error.ts';

/** Where the server is, who is asking, and how patient they are. */
export interface Connection {
  /** With or without a path, with or without a trailing slash. */
  readonly url: string;
  readonly username?: string | undefined;
  readonly apiKey?: string | undefined;
  /** How long one answer may take to begin. 30 s when absent. */
  readonly timeoutMs?: number;
  /** Ends every call that is under way. */
  readonly signal?: AbortSignal;
}

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Absolute, with encoded segments. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** In place of a body in JSON. A call with it is not repeatable. */
  readonly bytes?: AsyncIterable<Uint8Array>;
  /** Whether doing it twice is the same as doing it once; only then it is tried again after a failure on the way. */
  readonly repeatable: boolean;
  /** How long the answer may be held back by the server on purpose. */
  readonly extraTimeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

const TIMEOUT_MS = 30_000;
const PAUSES_MS = [200, 1000];

/**
 * Makes one call.
 *
 * @returns an answer that is 2xx
 * @throws ClientError for every other answer, and where there is none; the reason of a signal that fires
 */
export async function makeCall(connection: Connection, given: Call): Promise<Response> {
  const signals = [connection.signal, given.signal].filter((signal) => signal !== undefined);
  const call = { ...given, signal: signals.length === 0 ? undefined : AbortSignal.any(signals) };
  for (const pauseMs of call.repeatable ? PAUSES_MS : []) {
    try {
      return await makeCallOnce(connection, call);
    } catch (error) {
      if (!isWorthRepeating(error)) throw error;
      await pause(pauseMs, call.signal);
    }
  }
  return await makeCallOnce(connection, call);
}

/**
 * Reads the body of an answer as what the schema of its route says. It is not checked against the schema here: the
 * server answers with nothing else, and loading the checker would cost the command line more time than the call.
 *
 * @throws ClientError UNEXPECTED_ANSWER for what is not JSON
 */
export async function readJson<T>(response: Response): Promise<T> {
  const text = await response.text();
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    const message = `${response.url} answered with something that is not JSON; is it a Slipway server?`;
    throw new ClientError('UNEXPECTED_ANSWER', message, { status: response.status, cause });
  }
}

async function makeCallOnce(connection: Connection, call: Call): Promise<Response> {
  const url = buildUrl(connection, call);
  const timeoutMs = (connection.timeoutMs ?? TIMEOUT_MS) + (call.extraTimeoutMs ?? 0);
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(), timeoutMs);
  try {
    const response = await fetch(url, {
      method: call.method,
      headers: buildHeaders(connection, call),
      signal: call.signal === undefined ? timeout.signal : AbortSignal.any([timeout.signal, call.signal]),
      redirect: 'manual',
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      ...(call.bytes === undefined ? {} : { body: call.bytes, duplex: 'half' }),
    });
    if (!response.ok) throw await readError(response);
    return response;
  } catch (error) {
    if (error instanceof ClientError) throw error;
    call.signal?.throwIfAborted();
    if (!timeout.signal.aborted) throw unreachable(url, error);
    throw new ClientError('TIMED_OUT', `${url.origin} did not answer within ${timeoutMs / 1000} seconds.`);
  } finally {
    clearTimeout(timer);
  }
}

function buildUrl(connection: Connection, call: Call): URL {
  const url = URL.parse(connection.url.replace(/\/+$/, '') + call.path);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new ClientError(
      'INVALID_URL',
      `'${connection.url}' is not the address of a server: give an http or https URL.`,
    );
  }
  for (const [name, value] of Object.entries(call.query ?? {})) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  return url;
}

function buildHeaders(connection: Connection, call: Call): Record<string, string> {
  return {
    accept: 'application/json',
    ...(connection.username === undefined ? {} : { 'Mendix-Username': connection.username }),
    ...(connection.apiKey === undefined ? {} : { 'Mendix-ApiKey': connection.apiKey }),
    ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
    ...call.headers,
  };
}

async function readError(response: Response): Promise<ClientError> {
  const text = await response.text();
  const { status } = response;
  try {
    const { errorCode, errorMessage } = JSON.parse(text);
    if (typeof errorCode === 'string') return new ClientError(errorCode, String(errorMessage), { status });
  } catch {
    // Not from Slipway: said below.
  }
  const location = response.headers.get('location');
  const message =
    location === null
      ? `${response.url} answered ${status} ${response.statusText} without saying why; is it a Slipway server?`
      : `${response.url} redirects to ${location}; give the address of the server itself.`;
  return new ClientError('UNEXPECTED_ANSWER', message, { status });
}

/** `fetch` puts the reason, such as ECONNREFUSED or a certificate's fault, into the cause of its error. */
function unreachable(url: URL, error: unknown): ClientError {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  const code = codeOf(cause);
  const reason = code === '' && cause instanceof Error ? cause.message : code;
  const advice = /CERT|SIGNED/.test(code) ? ' Name the file of its certificate authority in NODE_EXTRA_CA_CERTS.' : '';
  return new ClientError('UNREACHABLE', `${url.origin} cannot be reached (${reason}).${advice}`, { cause });
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/** A connection that broke, and a server that says "later"; not one that was never there. */
function isWorthRepeating(error: unknown): boolean {
  if (!(error instanceof ClientError)) return false;
  if (error.code === 'UNREACHABLE') return /RESET|PIPE|SOCKET|CLOSED/.test(codeOf(error.cause));
  return error.status === 502 || error.status === 503 || error.status === 504;
}

/** Waits. @throws the reason of `signal` when it fires first */
export function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onAbort = () => {
    clearTimeout(timer);
    reject(signal?.reason);
  };
  const timer = setTimeout(() => {
    signal?.removeEventListener('abort', onAbort);
    resolve();
  }, ms);
  signal?.addEventListener('abort', onAbort, { once: true });
  return promise;
}
