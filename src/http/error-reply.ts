import { randomUUID } from 'node:crypto';
import { BlobError } from '../blob/blob-store.ts';
import { Refusal } from '../domain/refusal.ts';
import { ERROR_CODES, type ErrorCode } from '../protocol/error-codes.ts';
import type { WireError } from '../protocol/package.ts';
import { TARGET_CODES } from '../protocol/target-codes.ts';

/**
 * Owns what a client is told when something goes wrong: every error, wherever it was thrown, becomes a reply here. Known
 * errors keep their sentence; everything else is a bug, of which the client learns an id and nothing more.
 */
export interface ErrorReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body: string;
  /** Which parameter of the request it is about, where that is known. */
  readonly parameter?: string;
  /** What the server's own log should hold about it. */
  readonly log: { readonly level: 'warn' | 'error'; readonly requestId?: string } | undefined;
}

/** What the errors of Fastify and of Node's HTTP parser mean. Sources: fastify/lib/errors.js, Node's `errors` page. */
const FOREIGN_CODES: Readonly<Record<string, readonly [ErrorCode, string?]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ['PAYLOAD_TOO_LARGE'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['UNSUPPORTED_MEDIA_TYPE'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['INVALID_PARAMETERS', 'The body is not as long as its Content-Length says.'],
  FST_ERR_BAD_URL: ['INVALID_PARAMETERS', 'The address holds a % that does not start a valid escape.'],
  FST_ERR_MAX_PARAM_LENGTH: ['URI_TOO_LONG'],
  FST_ERR_NOT_FOUND: ['NOT_FOUND'],
  HPE_HEADER_OVERFLOW: ['HEADERS_TOO_LARGE'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: ['PAYLOAD_TOO_LARGE'],
  ERR_HTTP_REQUEST_TIMEOUT: ['REQUEST_TIMEOUT'],
  ECONNRESET: ['INVALID_PARAMETERS', 'The connection ended before the body did.'],
};

/** Turns whatever was thrown into a reply. */
export function replyToError(error: unknown): ErrorReply {
  if (error instanceof Refusal) return replyToRefusal(error);
  if (error instanceof BlobError && error.kind === 'unavailable') {
    return { ...refuse('STORE_UNAVAILABLE'), log: { level: 'warn' } };
  }
  const [code, message] = foreignCode(error) ?? [];
  return code === undefined ? replyToBug() : refuse(code, message);
}

/**
 * The same error as the App Repository API has it: its codes are `RS` and the HTTP status.
 */
export function asAppRepositoryError(reply: ErrorReply): ErrorReply {
  const { errorMessage }: WireError = JSON.parse(reply.body);
  return { ...reply, body: JSON.stringify({ errorCode: `RS${reply.status}`, errorMessage } satisfies WireError) };
}

/** The same error as the Webhooks API documents it, beside the shape that every call has. */
export function asWebhooksError(reply: ErrorReply): ErrorReply {
  const wire: WireError = JSON.parse(reply.body);
  const { status: code, parameter: name } = reply;
  const message = wire.errorMessage;
  const error = { code, message, ...(name !== undefined && { 'invalid-params': [{ name, reason: message }] }) };
  return { ...reply, body: JSON.stringify({ ...wire, error }) };
}

/** A reply with a code from the table. @param message its usual sentence when absent */
export function refuse(code: ErrorCode, message?: string, headers: Readonly<Record<string, string>> = {}): ErrorReply {
  const body: WireError = { errorCode: code, errorMessage: message ?? ERROR_CODES[code].message };
  return {
    status: ERROR_CODES[code].status,
    headers: { ...headers, 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify(body),
    log: undefined,
  };
}

/** What has a status from 500 on only because it is documented so. */
const NOT_OURS: ReadonlySet<ErrorCode> = new Set([
  'BUILD_NOT_SUCCEEDED',
  'SHUTTING_DOWN',
  'SERVICE UNAVAILABLE',
  'NO_MDA_HAS_BEEN_DEPLOYED',
  'APP_ALREADY_HAS_A_STARTING_JOB',
  ...TARGET_CODES.start,
  'INVALID_SCHEDULED_EVENT_PARAMETER',
  'INVALID_PACKAGE',
]);

function replyToRefusal(refusal: Refusal): ErrorReply {
  const reply = refuse(refusal.code, refusal.message, {
    ...(refusal.retryAfterSeconds !== undefined && { 'retry-after': String(Math.ceil(refusal.retryAfterSeconds)) }),
    ...(refusal.code === 'UNAUTHORIZED' && { 'www-authenticate': 'MxToken realm="slipway"' }),
  });
  const { parameter } = refusal;
  const isOurs = reply.status >= 500 && !NOT_OURS.has(refusal.code);
  return { ...reply, ...(parameter !== undefined && { parameter }), ...(isOurs && { log: { level: 'warn' } }) };
}

function replyToBug(): ErrorReply {
  const requestId = randomUUID();
  const message = `An unexpected error occurred. Whoever runs this server finds it in the log by the id ${requestId}.`;
  return { ...refuse('INTERNAL_ERROR', message), log: { level: 'error', requestId } };
}

function foreignCode(error: unknown): readonly [ErrorCode, string?] | undefined {
  if (!(error instanceof Error)) return undefined;
  const known = 'code' in error && typeof error.code === 'string' ? FOREIGN_CODES[error.code] : undefined;
  if (known !== undefined) return known;
  const isClientError = 'statusCode' in error && typeof error.statusCode === 'number' && error.statusCode < 500;
  return isClientError ? ['INVALID_PARAMETERS', 'The request is not valid HTTP.'] : undefined;
}

/** The same for what is not even a request: bytes to be written to the connection, which is closed afterwards. */
export function replyToConnectionError(error: Error): string {
  const known = foreignCode(error);
  const reply = refuse(known?.[0] ?? 'INVALID_PARAMETERS', known?.[1] ?? 'The request is not valid HTTP.');
  return formatReply(reply);
}

/** A whole HTTP/1.1 answer that ends its connection. */
export function formatReply(reply: ErrorReply): string {
  const headers = { ...reply.headers, 'content-length': String(Buffer.byteLength(reply.body)), connection: 'close' };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${reply.status} ${REASONS[reply.status] ?? 'Error'}\r\n${lines.join('')}\r\n${reply.body}`;
}

const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  413: 'Content Too Large',
  431: 'Request Header Fields Too Large',
};
