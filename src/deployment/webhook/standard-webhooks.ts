import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * Signatures as Standard Webhooks has them: https://github.com/standard-webhooks/standard-webhooks, version 1.
 */
export interface WebhookMessage {
  /** The same whenever the same message is sent again. */
  readonly id: string;
  /** Seconds since 1970, in digits. */
  readonly timestamp: string;
  readonly body: string | Uint8Array;
}

const PREFIX = 'whsec_';
const TOLERANCE_SECONDS = 5 * 60;
/** Bytes of a key; the specification wants between 24 and 64. */
const KEY_BYTES = { least: 24, most: 64 } as const;

/** Whether a secret is `whsec_` and base64, with its padding, of as many bytes as a key has. */
export function isWebhookSecret(secret: string): boolean {
  const key = keyOf(secret);
  const isSpelled = secret === PREFIX + key.toString('base64');
  return isSpelled && key.length >= KEY_BYTES.least && key.length <= KEY_BYTES.most;
}

/** @returns what stands in `webhook-signature` */
export function signMessage(secret: string, { id, timestamp, body }: WebhookMessage): string {
  const hmac = createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.`).update(body);
  return `v1,${hmac.digest('base64')}`;
}

/**
 * Whether a message was signed with a secret, and not long ago.
 *
 * @param signatures what stands in `webhook-signature`: several, with blanks between, while a secret is replaced
 */
export function isGenuine(secret: string, message: WebhookMessage, signatures: string, nowMs: number): boolean {
  if (!/^\d{1,12}$/.test(message.timestamp)) return false;
  if (Math.abs(nowMs / 1000 - Number(message.timestamp)) > TOLERANCE_SECONDS) return false;
  const expected = Buffer.from(signMessage(secret, message));
  return signatures.split(' ').some((signature) => {
    const given = Buffer.from(signature);
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}

function keyOf(secret: string): Buffer {
  return Buffer.from(secret.slice(PREFIX.length), 'base64');
}
