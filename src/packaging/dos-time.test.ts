import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dosTime } from './dos-time.ts';

test('a time is told in UTC, in steps of two seconds', () => {
  const { date, time } = dosTime(Date.UTC(2024, 1, 29, 13, 7, 59));
  assert.deepEqual([(date >> 9) + 1980, (date >> 5) & 15, date & 31], [2024, 2, 29]);
  assert.deepEqual([time >> 11, (time >> 5) & 63, (time & 31) * 2], [13, 7, 58]);
});

test('times that a zip cannot tell become the nearest one that it can', () => {
  assert.deepEqual(dosTime(-1), { date: (1 << 5) | 1, time: 0 });
  assert.deepEqual(dosTime(0), dosTime(Date.UTC(1980, 0, 1)));
  assert.deepEqual(dosTime(Date.UTC(2200, 0, 1)), dosTime(Date.UTC(2107, 11, 31, 23, 59, 58)));
  assert.deepEqual(dosTime(Number.MAX_SAFE_INTEGER), dosTime(Date.UTC(2107, 11, 31, 23, 59, 58)));
});
