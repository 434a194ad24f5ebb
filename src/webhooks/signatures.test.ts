import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { isGenuine, isWebhookSecret, signedHeaders } from './signatures.ts';

const SECRET = `whsec_${randomBytes(32).toString('base64')}`;
const OTHER = `whsec_${randomBytes(32).toString('base64')}`;
const BODY = JSON.stringify({ type: 'environment.start', text: 'Grüße' });
const now = () => Math.floor(Date.now() / 1000);

/** A message as it is sent, and as it comes. */
const sign = (secrets: readonly string[], timestamp = now()) => {
  const headers = signedHeaders(secrets, { id: 'order-1', timestamp, body: BODY });
  const claimed = {
    id: headers['webhook-id'],
    timestamp: headers['webhook-timestamp'],
    signature: headers['webhook-signature'],
    body: Buffer.from(BODY),
  };
  return { headers, claimed };
};

/** The signature as the documentation of the hosted service makes it in a shell. */
const hmac = (key: string | Buffer, timestamp: string) =>
  `v1,${createHmac('sha256', key).update(`order-1.${timestamp}.${BODY}`).digest('base64')}`;

test('what is signed is genuine, also beside the signature of another secret', () => {
  assert.ok(isGenuine(SECRET, sign([SECRET]).claimed));
  const { claimed, headers } = sign([OTHER, SECRET]);
  assert.ok(isGenuine(SECRET, claimed));
  assert.ok(isGenuine(OTHER, claimed));
  assert.ok(isGenuine(SECRET, { ...claimed, signature: `v1a,abc ${claimed.signature}` }));
  assert.deepEqual(new Webhook(SECRET).verify(BODY, headers), JSON.parse(BODY));
});

test('the current secret signs first', () => {
  const { claimed } = sign([OTHER, SECRET]);
  const key = Buffer.from(OTHER.slice('whsec_'.length), 'base64');
  assert.equal(claimed.signature.split(' ')[0], hmac(key, claimed.timestamp));
});

test('another secret, id, time, body or version of the signature is not genuine', () => {
  const { claimed } = sign([SECRET]);
  assert.ok(!isGenuine(OTHER, claimed));
  assert.ok(!isGenuine(SECRET, { ...claimed, id: 'order-2' }));
  assert.ok(!isGenuine(SECRET, { ...claimed, timestamp: `${Number(claimed.timestamp) + 1}` }));
  assert.ok(!isGenuine(SECRET, { ...claimed, body: Buffer.from(`${BODY} `) }));
  for (const signature of [claimed.signature.replace('v1,', 'v2,'), '', 'v1,', 'v1']) {
    assert.ok(!isGenuine(SECRET, { ...claimed, signature }), signature);
  }
});

test('a message of more than five minutes ago, or from the future, is not genuine', () => {
  for (const minutes of [-4, 4]) assert.ok(isGenuine(SECRET, sign([SECRET], now() + minutes * 60).claimed));
  for (const minutes of [-6, 6]) assert.ok(!isGenuine(SECRET, sign([SECRET], now() + minutes * 60).claimed));
  assert.ok(!isGenuine(SECRET, { ...sign([SECRET]).claimed, timestamp: 'never' }));
});

test('a secret without whsec_ signs by its characters first, and then by what it is in base64', () => {
  const bare = randomBytes(24).toString('base64');
  const { claimed } = sign([bare]);
  const { timestamp } = claimed;
  assert.deepEqual(claimed.signature.split(' '), [hmac(bare, timestamp), hmac(Buffer.from(bare, 'base64'), timestamp)]);
  assert.ok(isGenuine(bare, claimed));
  const undecodable = 'ab=c'.repeat(8);
  for (const secret of [undecodable, `whsec_${undecodable}`]) {
    const { signature, timestamp: at } = sign([secret]).claimed;
    assert.equal(signature, hmac(secret, at));
  }
});

test('a secret is 24 to 64 bytes in base64 after whsec_', () => {
  for (const bytes of [24, 32, 64]) assert.ok(isWebhookSecret(`whsec_${randomBytes(bytes).toString('base64')}`));
  const bare = randomBytes(32).toString('base64');
  for (const wrong of [
    bare,
    'whsec_',
    'whsec_hunter2',
    `whsec_${randomBytes(65).toString('base64')}`,
    `whsec_${bare} `,
    `whsec_${bare.replace('=', '')}`,
  ]) {
    assert.ok(!isWebhookSecret(wrong), wrong);
  }
});
