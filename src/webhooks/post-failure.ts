import { AddressRefused } from './reach.ts';

/**
 * Why a message could not be posted, or no answer came, in a sentence. What the network says is translated here.
 *
 * @param host where it was to go
 */
export function describePostFailure(host: string, error: unknown): string {
  if (error instanceof AddressRefused) {
    const advice = 'the operator can allow it with SLIPWAY_WEBHOOK_NETWORKS';
    const what = host.includes(error.message) ? 'is an address that' : `leads to ${error.message}, which`;
    return `${host} ${what} webhooks may not reach: ${advice}.`;
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const what = WORDS.find(([pattern]) => pattern.test(code))?.[1];
  if (what !== undefined) return `${host} ${what} (${code}).`;
  return `${host} could not be asked: ${error instanceof Error ? error.message || code : String(error)}.`;
}

const WORDS: readonly (readonly [RegExp, string])[] = [
  [/^ENOTFOUND$/, 'is a name that no name server knows'],
  [/^EAI_/, 'could not be looked up: the name server did not answer'],
  [/^ECONNREFUSED$/, 'refused the connection'],
  [/^(ECONNRESET|EPIPE|ECONNABORTED)$/, 'cut the connection before it had answered'],
  [/^(ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ENETDOWN|EADDRNOTAVAIL)$/, 'could not be reached'],
  [/CERT|SELF_SIGNED|UNABLE_TO_(GET_ISSUER|VERIFY)/, 'has a certificate that is not trusted'],
  [/^(EPROTO|ERR_SSL_|ERR_TLS_)/, 'did not speak TLS as it should'],
  [/^HPE_/, 'gave an answer that is no HTTP'],
  [/^ERR_(INVALID_CHAR|HTTP_INVALID_HEADER_VALUE|INVALID_HTTP_TOKEN)$/, 'is sent a header of the webhook that is none'],
];
