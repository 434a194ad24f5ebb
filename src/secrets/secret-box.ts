import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { SettingsPart } from '../domain/environment-settings.ts';
import { secretKeyId } from './secret-key.ts';

/*
 * What is stored and must not be read there. Sealed text is `v1.<key id>.<nonce>.<text and tag>`, the last two in
 * base64url: AES-256-GCM with a random nonce of 96 bits, and the place it is kept at as additional data, so that what was
 * sealed for one app cannot be put in the place of another's. See docs/decisions/0022-secrets-at-rest.md.
 */

const VERSION = 'v1';
const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export interface SecretBox {
  /** Names the key in what is sealed. */
  readonly keyId: string;
  /** @param place where the text is going to be kept: which app's, which of its secrets */
  seal(text: string, place: SecretPlace): string;
  /** @throws SecretUnreadable when it was sealed with another key or for another place, or is damaged */
  open(sealed: string, place: SecretPlace): string;
}

export interface SecretPlace {
  readonly appKey: string;
  /** The name of a secret; undefined for what is none. */
  readonly name: string | undefined;
  /** Whose they are: options of its target, or its settings; absent for what is the app's: a secret, or credentials. */
  readonly environmentId?: string | undefined;
  /** Which settings of the environment; absent for the options of its target. */
  readonly settings?: SettingsPart | undefined;
  /** Whose they are: what a webhook signs with, or its headers; absent for what is none of a webhook. */
  readonly webhook?: WebhookPlace | undefined;
  /** Whether it is what pushes to the app are signed with. */
  readonly isPushSecret?: boolean | undefined;
}

export interface WebhookPlace {
  readonly id: string;
  readonly part: 'secrets' | 'headers';
}

export class SecretUnreadable extends Error {
  override readonly name = 'SecretUnreadable';
}

/** @param key 32 bytes */
export function openSecretBox(key: Buffer): SecretBox {
  const keyId = secretKeyId(key);
  return {
    keyId,
    seal(text, place) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES }).setAAD(bytesOf(place));
      const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
      return [VERSION, keyId, nonce.toString('base64url'), sealed.toString('base64url')].join('.');
    },
    open(sealed, place) {
      const [version, sealedWith, nonce = '', text = ''] = sealed.split('.');
      if (version !== VERSION || sealedWith !== keyId) {
        throw new SecretUnreadable(
          `${describePlace(place)} are damaged, or encrypted with another key: set them again.`,
        );
      }
      try {
        return decrypt(key, Buffer.from(nonce, 'base64url'), Buffer.from(text, 'base64url'), place);
      } catch (cause) {
        throw new SecretUnreadable(`${describePlace(place)} are damaged: set them again.`, { cause });
      }
    },
  };
}

/** The key that something was sealed with. @returns undefined where the text is damaged, and names none */
export function keyIdOf(sealed: string): string | undefined {
  return /^v1\.([0-9a-f]{16})\./.exec(sealed)?.[1];
}

function decrypt(key: Buffer, nonce: Buffer, text: Buffer, place: SecretPlace): string {
  const end = text.length - TAG_BYTES;
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES })
    .setAAD(bytesOf(place))
    .setAuthTag(text.subarray(end));
  return Buffer.concat([decipher.update(text.subarray(0, end)), decipher.final()]).toString('utf8');
}

function bytesOf({ appKey, name, environmentId, settings, webhook, isPushSecret }: SecretPlace): Buffer {
  if (isPushSecret === true) return Buffer.from(JSON.stringify(['push', appKey]));
  if (webhook !== undefined) return Buffer.from(JSON.stringify([`webhook ${webhook.part}`, appKey, webhook.id]));
  const app = name === undefined ? ['credentials', appKey] : ['secret', appKey, name];
  return Buffer.from(JSON.stringify(environmentId === undefined ? app : [kindOf(settings), appKey, environmentId]));
}

/** What a start began with is moved, as it is, to what is deployed once it has ended well. */
function kindOf(settings: SettingsPart | undefined): string {
  if (settings === undefined) return 'target';
  return settings === 'chosen' ? 'settings' : 'start';
}

function describePlace({ name, environmentId, settings, webhook, isPushSecret }: SecretPlace): string {
  if (isPushSecret === true) return 'The stored bytes of the push secret of this app';
  if (webhook !== undefined) return `The ${webhook.part} of this webhook`;
  if (settings !== undefined) return 'The settings of this environment';
  if (environmentId !== undefined) return 'The options of the target of this environment';
  return name === undefined ? 'The stored credentials of this app' : `The stored bytes of the secret ${name}`;
}
