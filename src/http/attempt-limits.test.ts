import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refusal } from '../domain/refusal.ts';
import { createAttemptLimits } from './attempt-limits.ts';

const settings = { perLogin: 3, perAddress: 6, windowSeconds: 60 };
const isTooMany = (error: unknown) =>
  error instanceof Refusal && error.code === 'TOO_MANY_REQUESTS' && (error.retryAfterSeconds ?? 0) > 0;

async function fail(limits: ReturnType<typeof createAttemptLimits>, address: string, login: string, times: number) {
  for (let i = 0; i < times; i++) await limits.countFailure({ address, login });
}

test('a login is held up where it failed, and nowhere else', async () => {
  const limits = createAttemptLimits(settings);
  await fail(limits, '10.0.0.1', 'Ann', 2);
  await limits.check({ address: '10.0.0.1', login: 'ann' });
  await fail(limits, '10.0.0.1', 'ann', 1);
  await assert.rejects(limits.check({ address: '10.0.0.1', login: 'ANN' }), isTooMany);
  await limits.check({ address: '10.0.0.1', login: 'ben' });
  await limits.check({ address: '10.0.0.2', login: 'ann' });
});

test('an address that tries many logins is held up', async () => {
  const limits = createAttemptLimits(settings);
  for (let i = 0; i < 6; i++) await fail(limits, '10.0.0.1', `login${i}`, 1);
  await assert.rejects(limits.check({ address: '10.0.0.1', login: 'new' }), isTooMany);
  await limits.check({ address: '10.0.0.2', login: 'new' });
});

test('addresses of one IPv6 network count as one', async () => {
  const limits = createAttemptLimits(settings);
  await fail(limits, '2001:db8:1:2:aaaa::1', 'ann', 3);
  await assert.rejects(limits.check({ address: '2001:db8:1:2:bbbb::2', login: 'ann' }), isTooMany);
  await limits.check({ address: '2001:db8:1:3::1', login: 'ann' });
});
