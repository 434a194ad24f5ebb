import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refusal } from '../domain/refusal.ts';
import { ERROR_CODES, type ErrorCode } from '../protocol/error-codes.ts';
import { replyToConnectionError, replyToError } from './error-reply.ts';

test('every code of the table becomes its status and a body of two strings', () => {
  for (const [code, { status, message }] of Object.entries(ERROR_CODES)) {
    const reply = replyToError(new Refusal(code as ErrorCode));
    assert.equal(reply.status, status);
    assert.deepEqual(JSON.parse(reply.body), { errorCode: code, errorMessage: message });
    assert.equal(reply.headers['content-type'], 'application/json; charset=utf-8');
  }
});

test('a refusal may say when to come back', () => {
  const refusal = new Refusal('TOO_MANY_REQUESTS', 'Later.', { retryAfterSeconds: 1.2 });
  assert.equal(replyToError(refusal).headers['retry-after'], '2');
});

test('a bug is an id and nothing else', () => {
  for (const bug of [new Error('secret detail'), new TypeError('x is not a function'), 'text', undefined, null]) {
    const reply = replyToError(bug);
    const { errorCode, errorMessage } = JSON.parse(reply.body);
    assert.equal(reply.status, 500);
    assert.equal(errorCode, 'INTERNAL_ERROR');
    assert.ok(reply.log?.requestId !== undefined && errorMessage.includes(reply.log.requestId));
    assert.doesNotMatch(errorMessage, /secret|function|\.ts/);
  }
});

test('errors of Fastify and of the HTTP parser have codes from the table', () => {
  const cases: [string, number | undefined, ErrorCode][] = [
    ['FST_ERR_CTP_BODY_TOO_LARGE', 413, 'PAYLOAD_TOO_LARGE'],
    ['FST_ERR_CTP_INVALID_MEDIA_TYPE', 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['FST_ERR_BAD_URL', 400, 'INVALID_PARAMETERS'],
    ['FST_ERR_MAX_PARAM_LENGTH', 414, 'URI_TOO_LONG'],
    ['FST_ERR_SOMETHING_NEW', 400, 'INVALID_PARAMETERS'],
    ['FST_ERR_SOMETHING_NEW', 500, 'INTERNAL_ERROR'],
    ['ECONNRESET', undefined, 'INVALID_PARAMETERS'],
  ];
  for (const [code, statusCode, expected] of cases) {
    const error = Object.assign(new Error('x'), { code, ...(statusCode !== undefined && { statusCode }) });
    assert.equal(JSON.parse(replyToError(error).body).errorCode, expected, code);
  }
});

test('what is no HTTP is answered in HTTP', () => {
  for (const [code, line] of [
    ['HPE_INVALID_METHOD', 'HTTP/1.1 400 Bad Request'],
    ['HPE_HEADER_OVERFLOW', 'HTTP/1.1 431 Request Header Fields Too Large'],
    ['ERR_HTTP_REQUEST_TIMEOUT', 'HTTP/1.1 408 Request Timeout'],
  ]) {
    const [head = '', body = ''] = replyToConnectionError(Object.assign(new Error('x'), { code })).split('\r\n\r\n');
    assert.equal(head.split('\r\n')[0], line);
    assert.match(head, new RegExp(`content-length: ${Buffer.byteLength(body)}`));
    assert.deepEqual(Object.keys(JSON.parse(body)), ['errorCode', 'errorMessage']);
  }
});
