import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { CHECKOUT, readDeployFile, SANDBOX_CALLS, toMilliseconds, unknownVariables } from '../support/deploy-files.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const UNITS = ['slipway.service', 'slipway-worker.service'] as const;
/** Of ten, the most exposed. What a sandbox needs costs about three. */
const MOST_EXPOSURE = 4;

const run = promisify(execFile);

/** The settings of a unit in their order, each as often as it stands there. */
function parseUnit(text: string): readonly (readonly [string, string])[] {
  const lines = text.split('\n').filter((line) => /^[A-Z]\w+=/.test(line));
  return lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]);
}

/** The units in a folder of their own, with the program of this checkout. */
async function install(t: TestContext): Promise<readonly string[]> {
  const folder = await temporaryFolder(t);
  return await Promise.all(
    UNITS.map(async (name) => {
      const path = join(folder, name);
      const unit = await readDeployFile(`systemd/${name}`);
      await writeFile(path, unit.replace('/usr/local/bin/slipway', join(CHECKOUT, 'bin/slipway.mjs')));
      return path;
    }),
  );
}

/** System calls of a filter, with those of the sets that it names. */
async function expandFilter(filter: string): Promise<ReadonlySet<string>> {
  const calls = new Set<string>();
  const pending = filter.split(' ');
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (!name.startsWith('@')) calls.add(name);
    else pending.push(...(await listSet(name)));
  }
  return calls;
}

async function listSet(name: string): Promise<readonly string[]> {
  const { stdout } = await run('systemd-analyze', ['syscall-filter', '--no-pager', name]);
  return stdout.split('\n').flatMap((line) => /^\s+(@?\w[\w-]*)$/.exec(line)?.[1] ?? []);
}

test('systemd finds no mistake in the units', async (t) => {
  const { stdout, stderr } = await run('systemd-analyze', ['verify', '--man=no', ...(await install(t))]);
  assert.equal(stdout + stderr, '');
});

test('systemd calls neither of them exposed', async (t) => {
  const options = ['security', '--offline=true', `--threshold=${MOST_EXPOSURE * 10}`, '--no-pager'];
  await run('systemd-analyze', [...options, ...(await install(t))]);
});

describe('each unit', () => {
  for (const name of UNITS) {
    test(`${name} lets a sandbox be made`, async () => {
      const unit = new Map(parseUnit(await readDeployFile(`systemd/${name}`)));
      const allowed = await expandFilter(unit.get('SystemCallFilter') ?? '');
      assert.deepEqual(
        SANDBOX_CALLS.filter((call) => !allowed.has(call)),
        [],
      );
      assert.equal(unit.get('RestrictNamespaces'), 'cgroup ipc mnt net pid user uts');
      assert.equal(unit.get('DeviceAllow'), '/dev/net/tun rw');
      // What they take is what the comment in the units says.
      const inTheWay = [
        'ProtectKernelTunables',
        'ProtectKernelLogs',
        'ProtectProc',
        'ProcSubset',
        'ProtectControlGroups',
      ];
      for (const setting of [...inTheWay, 'ProtectHostname', 'PrivateDevices', 'MemoryDenyWriteExecute']) {
        assert.ok(!unit.has(setting), setting);
      }
    });

    test(`${name} lets running builds have the time that they are promised`, async () => {
      const text = await readDeployFile(`systemd/${name}`);
      const [, grace = '30s'] = /SLIPWAY_SHUTDOWN_GRACE=(\S+)/.exec(text) ?? [];
      const seconds = Number(new Map(parseUnit(text)).get('TimeoutStopSec'));
      assert.ok(seconds > toMilliseconds(grace) / 1000);
      assert.deepEqual(unknownVariables(text), []);
    });
  }
});

test('a server and a worker are confined alike, but for ports below 1024', async () => {
  const own = [
    'Description',
    'Environment',
    'ExecStart',
    'TimeoutStopSec',
    'CapabilityBoundingSet',
    'AmbientCapabilities',
  ];
  const [server, worker] = await Promise.all(
    UNITS.map(async (name) => parseUnit(await readDeployFile(`systemd/${name}`)).filter(([key]) => !own.includes(key))),
  );
  assert.deepEqual(worker, server);
});
