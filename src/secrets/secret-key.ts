import { createHash } from 'node:crypto';

const KEY_BYTES = 32;

/** Reads a key: 32 bytes as hex or as base64, with or without padding. @returns undefined for what is none */
export function parseSecretKey(text: string): Buffer | undefined {
  const given = text.trim();
  if (/^[0-9a-f]{64}$/i.test(given)) return Buffer.from(given, 'hex');
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(given)) return undefined;
  const key = Buffer.from(given, 'base64');
  return key.length === KEY_BYTES ? key : undefined;
}

/** As a key is written to a file. */
export function formatSecretKey(key: Buffer): string {
  return key.toString('hex');
}

/** Tells keys apart without being any help to find one: the beginning of a hash, in hex. */
export function secretKeyId(key: Buffer): string {
  return createHash('sha256').update('slipway secret key\0').update(key).digest('hex').slice(0, 16);
}
