import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Runs the script on a PATH that has nothing but what a folder holds. @param list instead of what the tests need */
function install(path: string, user: 'root' | 'another', list?: string) {
  const given = list === undefined ? '' : `'${pathToFileURL(list)}'`;
  const program = `import { installSystemPackages } from '${import.meta.resolve('../../scripts/system-packages.mjs')}';
    await installSystemPackages(${given});`;
  const as = ['--user', user === 'root' ? '--map-root-user' : '--map-user=1000', '--', 'env', `PATH=${path}`];
  return new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
    execFile('unshare', [...as, process.execPath, '--input-type=module', '-e', program], (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : error.code, stdout, stderr }),
    );
  });
}

/** A PATH with an `apt-get` that only writes down what it is asked for, and a list of which one program is missing. */
async function recordedAptGet(t: TestContext, exitCode: number) {
  const path = await temporaryFolder(t);
  const calls = join(path, 'calls');
  await writeFile(join(path, 'apt-get'), `#!/bin/sh\necho "$@" >> '${calls}'\nexit ${exitCode}\n`, { mode: 0o755 });
  const list = join(path, 'list.txt');
  await writeFile(list, '# Package, and command.\nhad apt-get\nmissed no-such-command\nlacking /no/such/file\n');
  const called = async () => (await readFile(calls, 'utf8').catch(() => '')).trim().split('\n');
  return { path, list, called };
}

const INSTALL = 'install -q -y --no-install-recommends missed lacking';
const NAMED = 'The tests need missed, lacking. Install with: sudo apt-get install -y missed lacking\n';

test('without apt-get, all that is missing is named, with the command that installs it', async (t) => {
  const { code, stdout, stderr } = await install(await temporaryFolder(t), 'root');
  assert.deepEqual([code, stdout], [1, '']);
  const [, needed = '', command] =
    /^The tests need (.+)\. Install with: sudo apt-get install -y (.+)\n$/.exec(stderr) ?? [];
  assert.equal(command, needed.replaceAll(', ', ' '), stderr);
  for (const name of ['git', 'subversion', 'bubblewrap']) assert.ok(needed.split(', ').includes(name), stderr);
});

test('who is not root is told the command, and nothing is installed', async (t) => {
  const { path, list, called } = await recordedAptGet(t, 0);
  assert.deepEqual(await install(path, 'another', list), { code: 1, stdout: '', stderr: NAMED });
  assert.deepEqual(await called(), ['']);
});

test('root gets what is missing installed, and nothing else', async (t) => {
  const { path, list, called } = await recordedAptGet(t, 0);
  const { code, stderr } = await install(path, 'root', list);
  assert.deepEqual([code, stderr], [0, '']);
  assert.deepEqual(await called(), [INSTALL]);
});

test('where apt-get fails, also after an update, the command is named', async (t) => {
  const { path, list, called } = await recordedAptGet(t, 100);
  const { code, stderr } = await install(path, 'root', list);
  assert.deepEqual([code, stderr], [1, NAMED]);
  assert.deepEqual(await called(), [INSTALL, 'update -q', INSTALL]);
});
