import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPace } from './pace.ts';

const NEVER = new AbortController().signal;

test('who asks has a turn after the one before, and at once where it was quiet', async () => {
  const pace = openPace(20);
  const began = performance.now();
  const turns = await Promise.all([1, 2, 3].map(() => pace(NEVER).then(() => performance.now() - began)));
  const [first = 0, second = 0, third = 0] = turns;
  // Timers have whole milliseconds, and may come late.
  assert.ok(first < second && second >= 18 && third >= 38, String(turns));
});

test('who stops waits no longer', async () => {
  const pace = openPace(60_000);
  await pace(NEVER);
  await assert.rejects(pace(AbortSignal.abort(new Error('stop'))));
});
