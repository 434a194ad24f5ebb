import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { isGenuine, isWebhookSecret, signMessage } from './standard-webhooks.ts';

const SECRET = `whsec_${randomBytes(32).toString('base64')}`;
const BODY = JSON.stringify({ type: 'environment.start', text: 'Grüße' });
const NOW_MS = Date.now();
const MESSAGE = { id: 'order-1', timestamp: String(Math.floor(NOW_MS / 1000)), body: BODY };

test('what is signed is what the library of Standard Webhooks takes', () => {
  const headers = {
    'webhook-id': MESSAGE.id,
    'webhook-timestamp': MESSAGE.timestamp,
    'webhook-signature': signMessage(SECRET, MESSAGE),
  };
  assert.deepEqual(new Webhook(SECRET).verify(BODY, headers), JSON.parse(BODY));
});

test('what that library signs is genuine, also as one of several signatures', () => {
  const signature = new Webhook(SECRET).sign(MESSAGE.id, new Date(NOW_MS), BODY);
  const message = { ...MESSAGE, body: Buffer.from(BODY) };
  assert.ok(isGenuine(SECRET, message, signature, NOW_MS));
  assert.ok(isGenuine(SECRET, message, `v1,${'A'.repeat(43)}= v1a,abc ${signature}`, NOW_MS));
});

test('another secret, id, time, body or version of the signature is not genuine', () => {
  const signature = signMessage(SECRET, MESSAGE);
  const other = `whsec_${randomBytes(32).toString('base64')}`;
  assert.ok(!isGenuine(other, MESSAGE, signature, NOW_MS));
  assert.ok(!isGenuine(SECRET, { ...MESSAGE, id: 'order-2' }, signature, NOW_MS));
  assert.ok(!isGenuine(SECRET, { ...MESSAGE, timestamp: `${Number(MESSAGE.timestamp) + 1}` }, signature, NOW_MS));
  assert.ok(!isGenuine(SECRET, { ...MESSAGE, body: `${BODY} ` }, signature, NOW_MS));
  for (const wrong of [signature.replace('v1,', 'v2,'), '', 'v1,']) {
    assert.ok(!isGenuine(SECRET, MESSAGE, wrong, NOW_MS), wrong);
  }
});

test('a message of more than five minutes ago, or from the future, is not genuine', () => {
  const signature = signMessage(SECRET, MESSAGE);
  for (const minutes of [-4, 4]) assert.ok(isGenuine(SECRET, MESSAGE, signature, NOW_MS + minutes * 60_000));
  for (const minutes of [-6, 6]) assert.ok(!isGenuine(SECRET, MESSAGE, signature, NOW_MS + minutes * 60_000));
  const never = { ...MESSAGE, timestamp: 'never' };
  assert.ok(!isGenuine(SECRET, never, signMessage(SECRET, never), NOW_MS));
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
