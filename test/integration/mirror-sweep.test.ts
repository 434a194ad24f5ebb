import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'node:test';
import { parseBranch } from '../../src/domain/branch-name.ts';
import { signal } from '../contract/repository.ts';
import { makeGitLab } from '../support/git-lab.ts';

it('ends what a killed server left running, and deletes what it left half done', async (test) => {
  const lab = await makeGitLab(test);
  const remote = await lab.remote('app');
  await remote.commit([{ branch: 'master' }]);
  await lab.open(remote.path).resolve({ branch: parseBranch(undefined), revision: '1' }, signal());
  const repositories = await lab.restart();
  await leaveBehind(lab.mirrorsFolder);
  const orphan = startOrphan(join(lab.mirrorsFolder, 'gitconfig'));
  test.after(() => orphan.kill('SIGKILL'));
  const ended = once(orphan, 'exit');

  await repositories.sweep();

  assert.deepEqual(await ended, [null, 'SIGKILL']);
  assert.deepEqual((await readdir(lab.mirrorsFolder)).sort(), ['app', 'gitconfig']);
  assert.deepEqual((await readdir(join(lab.mirrorsFolder, 'app'))).sort(), ['mirror.git', 'modules']);
  assert.deepEqual(await readdir(join(lab.mirrorsFolder, 'app', 'modules')), []);
  const names = await readdir(lab.mirror, { recursive: true });
  assert.deepEqual(
    names.filter((name) => /tmp_|\.lock$|slipway-fetch/.test(name)),
    [],
  );
  await lab.open(remote.path).resolve({ branch: parseBranch(undefined), revision: '1' }, signal());
});

async function leaveBehind(mirrors: string): Promise<void> {
  for (const folder of ['app/mirror.git.new-1', 'app/modules/1.removed-1', 'app/modules/2.new-2'])
    await mkdir(join(mirrors, folder), { recursive: true });
  for (const file of ['objects/pack/tmp_pack_1', 'slipway-fetch', 'slipway-fetch.1.lock', 'refs/heads/master.lock'])
    await writeFile(join(mirrors, 'app', 'mirror.git', file), '');
}

/** Stands in for a fetch whose server was killed. */
function startOrphan(globalConfig: string): ChildProcess {
  const env = { PATH: process.env.PATH, GIT_CONFIG_GLOBAL: globalConfig };
  return spawn('git', ['cat-file', '--batch'], {
    cwd: process.cwd(),
    env,
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
}

it('deletes the mirrors of apps that are no more while others are in use', async (test) => {
  const lab = await makeGitLab(test);
  const remote = await lab.remote('app');
  await remote.commit([{ branch: 'master' }]);
  const repositories = await lab.restart();
  const forApp = (key: string) => repositories.forApp({ key, kind: 'git', repository: remote.path, mainBranch: null });
  const find = (key: string) => forApp(key).resolve({ branch: parseBranch(undefined), revision: '1' }, signal());
  await find('app');
  await find('deleted');
  const [found] = await Promise.all([find('app'), repositories.removeOthers(async (appKey) => appKey === 'app')]);
  assert.deepEqual((await readdir(lab.mirrorsFolder)).sort(), ['app', 'gitconfig']);
  assert.equal((await find('app')).id, found.id);
});
