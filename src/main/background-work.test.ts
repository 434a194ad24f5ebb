import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../../test/support/until.ts';
import { BackgroundWork } from './background-work.ts';

const LONG_MS = 24 * 60 * 60 * 1000;
const fail = (error: unknown) => assert.fail(String(error));

test('work runs once when it is woken, and once more when it is woken meanwhile', async () => {
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let begun = 0;
  const work = new BackgroundWork({
    work: () => gates[begun++]?.promise ?? Promise.resolve(),
    retryMs: LONG_MS,
    onError: fail,
  });
  work.wake();
  work.wake();
  work.wake();
  assert.equal(begun, 1);
  gates[0]?.resolve();
  await until('the second run begins', () => begun === 2);
  gates[1]?.resolve();
  await work.stop();
  assert.equal(begun, 2);
});

test('work runs again by itself, as often as it says', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let begun = 0;
  const work = new BackgroundWork({ work: async () => begun++, everyMs: LONG_MS, retryMs: 1, onError: fail });
  work.wake();
  for (let runs = 1; runs <= 3; runs++) {
    await turns();
    assert.equal(begun, runs);
    t.mock.timers.tick(LONG_MS - 1);
    await turns();
    assert.equal(begun, runs);
    t.mock.timers.tick(1);
  }
  await work.stop();
});

test('work that fails is reported, and done again sooner', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const errors: unknown[] = [];
  const failing = () => Promise.reject(new Error('not yet'));
  const work = new BackgroundWork({
    work: failing,
    everyMs: LONG_MS,
    retryMs: 10,
    onError: (error) => errors.push(error),
  });
  work.wake();
  await turns();
  t.mock.timers.tick(10);
  await turns();
  assert.equal(errors.length, 2);
  await work.stop();
  t.mock.timers.tick(LONG_MS);
  await turns();
  assert.equal(errors.length, 2);
});

test('stopping asks what runs to end, waits for it, and lets nothing begin any more', async () => {
  let begun = 0;
  const work = new BackgroundWork({
    work: (signal) => {
      begun++;
      return new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    },
    retryMs: 1,
    everyMs: 1,
    onError: fail,
  });
  work.wake();
  await work.stop();
  work.wake();
  assert.equal(begun, 1);
});

/** Lets what is ready run. */
async function turns(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
}
