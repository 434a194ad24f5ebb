import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refusal } from '../../domain/refusal.ts';
import { webhookTarget } from './webhook-target.ts';

const URL_OF_SYSTEM = 'https://deploy.example.com/orders';
const SECRET = `whsec_${Buffer.alloc(32).toString('base64')}`;

const open = (publicUrl: string | undefined) => {
  const reports = { expect: () => assert.fail('nothing is ordered') };
  return webhookTarget({ publicUrl, reports, clock: Date.now, answerMs: 1000, retryDelaysMs: [] });
};
const { parseOptions, presentOptions } = open('https://slipway.example.com');

const refuses = (given: Readonly<Record<string, unknown>>, words: RegExp) =>
  assert.throws(
    () => parseOptions(given, undefined),
    (error) => error instanceof Refusal && error.code === 'INVALID_PARAMETERS' && words.test(error.message),
  );

test('links are good for an hour where nothing else is said, and the secret is not shown', () => {
  const options = parseOptions({ url: URL_OF_SYSTEM, secret: SECRET }, undefined);
  assert.deepEqual(presentOptions(options), { url: URL_OF_SYSTEM, linkTtl: 3600 });
  const changed = parseOptions({ linkTtl: '600' }, options);
  assert.deepEqual(changed, { url: URL_OF_SYSTEM, secret: SECRET, linkTtl: 600 });
});

test('an address that is none of the web, or carries a password, is refused', () => {
  for (const url of [
    'deploy.example.com',
    'ftp://deploy.example.com',
    'https://me:pass@deploy.example.com',
    `${URL_OF_SYSTEM}#x`,
    `${URL_OF_SYSTEM}\r\nX: y`,
  ]) {
    refuses({ url, secret: SECRET }, /^The option url is '.*': give one that begins with http/);
  }
});

test('a secret that is none is refused with how to make one, and not repeated', () => {
  refuses({ url: URL_OF_SYSTEM }, /needs the option secret/);
  refuses({ url: URL_OF_SYSTEM, secret: 'hunter2' }, /^(?!.*hunter2).*openssl rand -base64 32/);
});

test('without the address of this server the target is refused', () => {
  assert.throws(
    () => open(undefined).parseOptions({ url: URL_OF_SYSTEM, secret: SECRET }, undefined),
    (error) => error instanceof Refusal && /needs SLIPWAY_PUBLIC_URL/.test(error.message),
  );
});
