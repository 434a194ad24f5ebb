import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isGivenUp, nextAttemptAt, restsUntil } from './webhook-retries.ts';

const HOUR_MS = 60 * 60 * 1000;

test('a message is tried again after 1, 2, 4 … seconds, at most an hour apart', () => {
  assert.deepEqual(
    [1, 2, 3, 4].map((failures) => nextAttemptAt(failures, 5)),
    [1005, 2005, 4005, 8005],
  );
  for (const failures of [13, 100, 5000]) assert.equal(nextAttemptAt(failures, 0), HOUR_MS);
});

test('a webhook rests for at most a minute, or for as long as it asks within an hour', () => {
  assert.deepEqual(
    [1, 2, 7, 5000].map((failures) => restsUntil(failures, undefined, 0)),
    [1000, 2000, 60_000, 60_000],
  );
  assert.equal(restsUntil(1, 90_000, 5), 90_005);
  assert.equal(restsUntil(4, 1000, 0), 8000);
  assert.equal(restsUntil(1, 100 * HOUR_MS, 0), HOUR_MS);
});

test('what has failed for a day is given up, but not where it was hardly tried', () => {
  assert.ok(isGivenUp(10, 0, 24 * HOUR_MS));
  assert.ok(!isGivenUp(100, 1, 24 * HOUR_MS));
  assert.ok(!isGivenUp(9, 0, 100 * HOUR_MS));
});
