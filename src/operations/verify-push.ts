import { hash, timingSafeEqual } from 'node:crypto';
import { verify } from '@octokit/webhooks-methods';
import type { Headers } from '../domain/push/read-push.ts';
import { isGenuine, isWebhookSecret } from '../webhooks/signatures.ts';
import { makePushSecret } from './push-secrets.ts';

/** What was sent, as it came. */
export interface SentBody {
  readonly header: Headers;
  readonly body: Buffer;
}

/** HMAC-SHA256 of the body in hex, with or without `sha256=` before it. */
const SIGNATURE_HEADERS = [
  'x-hub-signature-256', // GitHub; Gitea and Forgejo send it, too
  'x-forgejo-signature',
  'x-gitea-signature',
  'x-hub-signature', // Bitbucket; GitHub sends a SHA-1 under this name
] as const;
/** The secret itself. */
const TOKEN_HEADERS = ['x-slipway-token', 'x-gitlab-token'] as const;

/**
 * Whether whoever sent something knows a secret: by the HMAC of the body, by a signature as Standard Webhooks has it
 * (GitLab's signing tokens), or by sending the secret. It takes as long for a wrong secret as for none.
 *
 * @param secrets those that are good; none where the app does not exist
 */
export async function isSentWith(secrets: readonly string[], sent: SentBody): Promise<boolean> {
  const text = sent.body.toString('utf8');
  let isGood = false;
  // As many are tried whatever there is, so that nobody learns which apps there are, or which secret was replaced.
  for (const index of [0, 1]) {
    const secret = secrets[index];
    const fits = await isSentWithOne(secret ?? makePushSecret(), text, sent);
    isGood ||= fits && secret !== undefined;
  }
  return isGood;
}

async function isSentWithOne(secret: string, text: string, { header, body }: SentBody) {
  const signature = SIGNATURE_HEADERS.map(header).find((value) => value !== '') ?? '';
  const token = TOKEN_HEADERS.map(header).find((value) => value !== '') ?? '';
  const isSigned = text !== '' && signature !== '' && (await verify(secret, text, withPrefix(signature)));
  const isToken = timingSafeEqual(hash('sha256', token, 'buffer'), hash('sha256', secret, 'buffer'));
  return isStandard(secret, { header, body }) || isSigned || isToken;
}

/** GitLab names each message, signed or not: the signature alone says that it is signed. */
function isStandard(secret: string, { header, body }: SentBody): boolean {
  const signature = header('webhook-signature');
  if (signature === '') return false;
  const message = { id: header('webhook-id'), timestamp: header('webhook-timestamp'), signature, body };
  const isKey = isWebhookSecret(secret);
  return isGenuine(isKey ? secret : makePushSecret(), message) && isKey;
}

function withPrefix(signature: string): string {
  return signature.includes('=') ? signature : `sha256=${signature}`;
}
