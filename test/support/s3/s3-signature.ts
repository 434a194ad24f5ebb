import { createHmac, hash } from 'node:crypto';

/** A request as it came. */
export interface SignedRequest {
  readonly method: string;
  /** Path and query, as they were spelled. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Uint8Array;
}

interface Claim {
  readonly accessKeyId: string;
  /** Date, region, service and `aws4_request`. */
  readonly scope: readonly string[];
  readonly time: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  readonly payloadHash: string;
  readonly expiresInSeconds: number;
}

/** How far clocks may be apart, as in S3. */
const MOST_SKEW_SECONDS = 900;

/**
 * Checks the signature of a request, in its headers or in its query, as version 4 defines it:
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html
 *
 * @returns the code of the error that S3 answers; undefined for a request that is in order
 */
export function findSignatureError(
  request: SignedRequest,
  secrets: Readonly<Record<string, string>>,
  now: number,
): string | undefined {
  const { pathname, searchParams } = new URL(request.url, 'http://store');
  const claim = searchParams.has('X-Amz-Signature') ? claimOfQuery(searchParams) : claimOfHeaders(request);
  if (claim === undefined) return 'AccessDenied';
  const secret = secrets[claim.accessKeyId];
  if (secret === undefined) return 'InvalidAccessKeyId';
  const ageSeconds = (now - parseTime(claim.time)) / 1000;
  if (ageSeconds < -MOST_SKEW_SECONDS) return 'RequestTimeTooSkewed';
  if (ageSeconds > claim.expiresInSeconds) {
    return searchParams.has('X-Amz-Signature') ? 'AccessDenied' : 'RequestTimeTooSkewed';
  }
  const canonical = [
    request.method,
    request.url.split('?')[0] ?? pathname,
    canonicalQuery(searchParams),
    ...claim.signedHeaders.map((name) => `${name}:${headerOf(request, name).trim().replace(/ +/g, ' ')}`),
    '',
    claim.signedHeaders.join(';'),
    claim.payloadHash,
  ].join('\n');
  const text = ['AWS4-HMAC-SHA256', claim.time, claim.scope.join('/'), hash('sha256', canonical)].join('\n');
  if (sign(secret, claim.scope, text) !== claim.signature) return 'SignatureDoesNotMatch';
  const isHash = /^[0-9a-f]{64}$/.test(claim.payloadHash);
  return isHash && hash('sha256', request.body) !== claim.payloadHash ? 'XAmzContentSHA256Mismatch' : undefined;
}

function claimOfHeaders(request: SignedRequest): Claim | undefined {
  const pattern = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/([^,]+), ?SignedHeaders=([^,]+), ?Signature=(\w+)$/;
  const [, accessKeyId, scope, signedHeaders, signature] = pattern.exec(headerOf(request, 'authorization')) ?? [];
  if (accessKeyId === undefined || scope === undefined || signedHeaders === undefined || signature === undefined) {
    return undefined;
  }
  return {
    accessKeyId,
    scope: scope.split('/'),
    time: headerOf(request, 'x-amz-date'),
    signedHeaders: signedHeaders.split(';'),
    signature,
    payloadHash: headerOf(request, 'x-amz-content-sha256'),
    expiresInSeconds: MOST_SKEW_SECONDS,
  };
}

function claimOfQuery(query: URLSearchParams): Claim {
  const value = (name: string) => query.get(name) ?? '';
  const [accessKeyId = '', ...scope] = value('X-Amz-Credential').split('/');
  return {
    accessKeyId,
    scope,
    time: value('X-Amz-Date'),
    signedHeaders: value('X-Amz-SignedHeaders').split(';'),
    signature: value('X-Amz-Signature'),
    payloadHash: query.get('X-Amz-Content-Sha256') ?? 'UNSIGNED-PAYLOAD',
    expiresInSeconds: Number(value('X-Amz-Expires')),
  };
}

function sign(secret: string, scope: readonly string[], text: string): string {
  const mac = (key: string | Buffer, data: string) => createHmac('sha256', key).update(data).digest();
  return mac(scope.reduce<string | Buffer>(mac, `AWS4${secret}`), text).toString('hex');
}

function canonicalQuery(query: URLSearchParams): string {
  return [...query]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&');
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

function headerOf({ headers }: SignedRequest, name: string): string {
  return String(headers[name] ?? '');
}

/** Of `20261129T231907Z`. */
function parseTime(text: string): number {
  return Date.parse(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
}
