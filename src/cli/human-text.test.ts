import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDuration, formatRelative, formatSize, formatTime } from './human-text.ts';

test('sizes have three digits and a binary unit', () => {
  const sizes = [0, 1023, 1024, 12_345, 1_048_576, 2_097_152_000, 3 * 2 ** 40, 5000 * 2 ** 40];
  const texts = ['0 B', '1023 B', '1.00 KiB', '12.1 KiB', '1.00 MiB', '1.95 GiB', '3.00 TiB', '5000 TiB'];
  assert.deepEqual(sizes.map(formatSize), texts);
});

test('durations are as exact as their length asks for', () => {
  const durations = [0, 38.4, 999, 4_210, 30_000, 59_960, 185_000, 7_800_000];
  const texts = ['0 ms', '38 ms', '999 ms', '4.2 s', '30 s', '1 min 0 s', '3 min 5 s', '2 h 10 min'];
  assert.deepEqual(durations.map(formatDuration), texts);
});

test('times are relative to now', () => {
  const now = 1_800_000_000_000;
  const distances = [0, -400, -1000, -59_000, -61_000, -7_200_000, -86_400_000, 90 * 86_400_000];
  assert.deepEqual(
    distances.map((distance) => formatRelative(now + distance, now)),
    [
      'just now',
      'just now',
      '1 second ago',
      '59 seconds ago',
      '1 minute ago',
      '2 hours ago',
      '1 day ago',
      'in 90 days',
    ],
  );
});

test('a time is written in the time zone of this machine', () => {
  assert.equal(formatTime(new Date(2026, 0, 2, 3, 4, 5).getTime()), '2026-01-02 03:04:05');
});
