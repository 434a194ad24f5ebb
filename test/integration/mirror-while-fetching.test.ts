import assert from 'node:assert/strict';
import { access, chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { CatFilePool } from '../../src/repository/git/cat-file-pool.ts';
import { Mirror } from '../../src/repository/git/mirror.ts';
import { createObjectMemory } from '../../src/repository/git/object-memory.ts';
import { parseRemoteAddress } from '../../src/repository/git/remote-address.ts';
import { signal } from '../contract/repository.ts';
import { makeTestRepository } from '../support/git.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

it('asking what is known leaves a first fetch that is under way alone', async (test) => {
  const { mirror, hasStarted, letGo } = await openSlowMirror(test);
  const looking = mirror.look(signal());
  looking.catch(() => undefined);
  await until('the fetch has started', hasStarted);
  assert.equal(await mirror.known(signal()), undefined);
  await letGo();
  assert.deepEqual([...(await looking).heads.keys()], ['master']);
});

it('a fetch that is aborted leaves no half pack behind', async (test) => {
  const { mirror, hasStarted } = await openSlowMirror(test);
  const stop = new AbortController();
  const looking = mirror.look(stop.signal);
  looking.catch(() => undefined);
  await until('the fetch has started', hasStarted);
  await mkdir(join(mirror.gitDir, 'objects', 'pack'), { recursive: true });
  await writeFile(join(mirror.gitDir, 'objects', 'pack', 'tmp_pack_1'), 'half');
  stop.abort(new Error('nobody waits any more'));
  await assert.rejects(looking);
  await mirror.close();
  assert.deepEqual(await readdir(join(mirror.gitDir, 'objects', 'pack')), []);
});

/** A mirror whose fetches wait until they are let go. */
async function openSlowMirror(test: TestContext) {
  const folder = await temporaryFolder(test);
  const remote = await makeTestRepository(join(folder, 'app.git'));
  await remote.commit([{ branch: 'master' }]);
  const path = process.env.PATH ?? '';
  await mkdir(join(folder, 'bin'));
  const wait = `case " $* " in *" fetch "*) touch '${folder}/started'; until [ -e '${folder}/go' ]; do sleep 0.02; done;; esac`;
  await writeFile(join(folder, 'bin', 'git'), `#!/bin/sh\n${wait}\nPATH='${path}' exec git "$@"\n`);
  await chmod(join(folder, 'bin', 'git'), 0o755);
  const settings = {
    path: `${join(folder, 'bin')}:${path}`,
    home: folder,
    privateFolder: '/nonexistent',
    globalConfig: join(folder, 'gitconfig'),
    extraEnvironment: {},
    connectTimeoutMs: 10_000,
    fetchTimeoutMs: 30_000,
    localTimeoutMs: 30_000,
  };
  await writeFile(settings.globalConfig, '[safe]\n\tdirectory = *\n');
  const pool = new CatFilePool(settings, { idleMs: 1000, mostIdle: 1 });
  const context = { settings, pool, memory: createObjectMemory(), after: Promise.resolve() };
  const mirror = new Mirror(context, join(folder, 'mirror.git'), parseRemoteAddress(remote.path));
  test.after(() => mirror.close());
  const exists = (name: string) =>
    access(join(folder, name)).then(
      () => true,
      () => false,
    );
  const hasStarted = async () => (await exists('started')) && (await exists(join('mirror.git', 'slipway-fetch')));
  return { mirror, hasStarted, letGo: () => writeFile(join(folder, 'go'), '') };
}
