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

test('an IPv6 network is the same however its addresses are spelled, and no other is', async () => {
  const spellings = [
    '2001:db8::1',
    '2001:DB8:0:0:1::',
    '2001:0db8:0000::2:3:4',
    '2001:db8::ffff:1.2.3.4',
    '2001:db8::1%eth0',
  ];
  for (const spelling of spellings) {
    const limits = createAttemptLimits(settings);
    await fail(limits, spelling, 'ann', 3);
    for (const other of spellings) await assert.rejects(limits.check({ address: other, login: 'ann' }), isTooMany);
    for (const other of ['2001:db8:0:1::1', '2001:db8:1::1', '::1', '::2001:db8:0:0', '2001::db8:0:0:1']) {
      await limits.check({ address: other, login: 'ann' });
    }
  }
});

test('an IPv4 address is the same inside of an IPv6 address', async () => {
  const limits = createAttemptLimits(settings);
  await fail(limits, '::ffff:10.0.0.1', 'ann', 3);
  for (const address of ['10.0.0.1', '::ffff:a00:1', '0:0::FFFF:10.0.0.1']) {
    await assert.rejects(limits.check({ address, login: 'ann' }), isTooMany);
  }
  await limits.check({ address: '::ffff:10.0.0.2', login: 'ann' });
});

test('addresses of one IPv6 network count as one', async () => {
  const limits = createAttemptLimits(settings);
  await fail(limits, '2001:db8:1:2:aaaa::1', 'ann', 3);
  await assert.rejects(limits.check({ address: '2001:db8:1:2:bbbb::2', login: 'ann' }), isTooMany);
  await limits.check({ address: '2001:db8:1:3::1', login: 'ann' });
});
