import { Webhook } from 'standardwebhooks';

/*
 * Signatures as Standard Webhooks has them, made and checked by its library:
 * https://github.com/standard-webhooks/standard-webhooks, version 1. What is ours is which keys a secret stands for.
 */

export interface SignedMessage {
  /** The same whenever the same message is sent again. */
  readonly id: string;
  /** Seconds since 1970. */
  readonly timestamp: number;
  readonly body: string;
}

const PREFIX = 'whsec_';
/** Bytes of a key; the specification wants between 24 and 64. */
const KEY_BYTES = { least: 24, most: 64 } as const;

/** Whether a secret is `whsec_` and base64, with its padding, of as many bytes as a key has. */
export function isWebhookSecret(secret: string): boolean {
  const key = Buffer.from(secret.slice(PREFIX.length), 'base64');
  const isSpelled = secret === PREFIX + key.toString('base64');
  return isSpelled && key.length >= KEY_BYTES.least && key.length <= KEY_BYTES.most;
}

/**
 * The three headers of a message.
 *
 * @param secrets the current one first. One with `whsec_` stands for the bytes that follow in base64. One without, as the
 *   hosted service has them, stands for its own characters, which its documentation signs with, and for what it is in
 *   base64, as libraries read it: there are two signatures then, of which receivers take the one they understand
 */
export function signedHeaders(secrets: readonly string[], { id, timestamp, body }: SignedMessage) {
  const at = new Date(timestamp * 1000);
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': secrets
      .flatMap(signersOf)
      .map((signer) => signer.sign(id, at, body))
      .join(' '),
  };
}

function signersOf(secret: string): Webhook[] {
  const decoded = decode(secret);
  if (secret.startsWith(PREFIX) && decoded !== undefined) return [decoded];
  const characters = new Webhook(secret, { format: 'raw' });
  return decoded === undefined ? [characters] : [characters, decoded];
}

/** @returns undefined for what is no base64 */
function decode(secret: string): Webhook | undefined {
  try {
    return new Webhook(secret);
  } catch {
    return undefined;
  }
}

/** What came with a message, as text: who sends it is not known before it was checked. */
export interface ClaimedMessage {
  readonly id: string;
  readonly timestamp: string;
  /** Several, with blanks between, while a secret is replaced. */
  readonly signature: string;
  readonly body: Uint8Array;
}

/** Whether a message was signed with a secret, at most five minutes ago. */
export function isGenuine(secret: string, { id, timestamp, signature, body }: ClaimedMessage): boolean {
  const headers = { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature };
  try {
    new Webhook(secret).verify(Buffer.from(body), headers, { jsonParse: false });
    return true;
  } catch {
    return false;
  }
}
