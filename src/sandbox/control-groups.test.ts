import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseControllers } from './control-groups.ts';

const LIMITS = { processes: 7, memoryBytes: 1000 };

/** Where groups are tried, and what is written there. */
function describe(text: string): readonly string[] {
  return parseControllers(text).map(({ parents, files }) => `${parents.join(' ')}: ${JSON.stringify(files(LIMITS))}`);
}

test('in the unified hierarchy a group is made in the own one, or else beside it', () => {
  const places = '/sys/fs/cgroup/system.slice/slipway.service/x /sys/fs/cgroup/system.slice/slipway.service';
  assert.deepEqual(describe('0::/system.slice/slipway.service/x\n'), [
    `${places}: {"pids.max":7}`,
    `${places}: {"memory.max":1000}`,
  ]);
});

test('in a hierarchy for each controller a group is made in the own one', () => {
  assert.deepEqual(describe('9:name=systemd:/\n8:pids:/a:b\n4:memory:/c\n0::/\n'), [
    '/sys/fs/cgroup/pids/a:b: {"pids.max":7}',
    '/sys/fs/cgroup/memory/c: {"memory.limit_in_bytes":1000}',
  ]);
  assert.deepEqual(describe(''), [': {"pids.max":7}', ': {"memory.limit_in_bytes":1000}']);
});
