import assert from 'node:assert/strict';
import { mkdir, rmdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { test } from 'node:test';
import { makeControlGroups, parseControllers, sweepControlGroups } from './control-groups.ts';

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

test('what a killed server left is swept, and not what a command of another one is about to enter', async (t) => {
  const groups = await makeControlGroups({ processes: 7, memoryBytes: 2 ** 30 });
  t.after(() => groups.remove());
  const [folder] = groups.folders;
  if (folder === undefined) return t.skip('control groups cannot be made here');
  const left = join(dirname(folder), basename(folder).replace(/(\d+)\.\d+/, '$1.1'));
  await mkdir(left);
  t.after(() => rmdir(left).catch(() => undefined));
  await sweepControlGroups();
  await assert.rejects(stat(left));
  await stat(folder);
});
