import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeTestRepository } from '../support/git.ts';
import { call } from '../support/server.ts';
import { startServerProcess } from '../support/server-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** What a shell adds by itself. */
const OF_THE_SHELL = new Set(['PWD', 'OLDPWD', 'SHLVL', '_']);

test('git gets the proxies and the ssh agent of the server’s environment, and nothing else of it', async (t) => {
  const folder = await temporaryFolder(t);
  const repository = await makeTestRepository(join(folder, 'app.git'));
  const [revision = ''] = await repository.commit([{ branch: 'master', files: { a: 'a' } }]);
  const passedOn = {
    http_proxy: 'http://127.0.0.1:9',
    https_proxy: 'http://127.0.0.1:9',
    no_proxy: 'localhost',
    SSH_AUTH_SOCK: join(folder, 'agent'),
  };
  const kept = {
    SLIPWAY_TRUST_PROXY: 'true',
    AWS_SECRET_ACCESS_KEY: 'secret',
    GIT_TRACE: '1',
    GIT_CONFIG_COUNT: '0',
    NODE_EXTRA_CA_CERTS: '/nowhere',
    LD_LIBRARY_PATH: '/nowhere',
  };
  const seen = join(folder, 'seen');
  const PATH = `${await makeTellingGit(folder, seen)}:${process.env.PATH}`;
  const server = await startServerProcess(join(folder, 'data'), { ...passedOn, ...kept, PATH });
  t.after(() => server.end('SIGKILL'));
  const ask = (path: string, body: unknown) => call(server.url, 'POST', path, body, server.admin);
  assert.equal((await ask('/manage/1/apps', { AppId: 'calc', Repository: repository.path })).status, 200);
  const request = { Revision: revision, Version: '1.0.0' };
  assert.equal((await ask('/api/1/apps/calc/packages', request)).status, 200);

  const runs = await readdir(seen);
  assert.ok(runs.length > 2);
  for (const run of runs) {
    const lines = (await readFile(join(seen, run), 'latin1')).split('\0').filter((line) => line !== '');
    const variables = new Map(
      lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    );
    for (const [name, value] of Object.entries(passedOn)) assert.equal(variables.get(name), value, name);
    for (const name of Object.keys(kept)) assert.ok(!variables.has(name), name);
    const others = [...variables.keys()].filter((name) => !(name in passedOn) && !OF_THE_SHELL.has(name));
    const unknown = others.filter((name) => !/^(?:PATH|HOME|LANG|LC_ALL|SSH_ASKPASS_REQUIRE|GIT_[A-Z_]+)$/.test(name));
    assert.deepEqual(unknown, []);
  }
});

/** A folder with a `git` that writes its environment down before it becomes the real one. */
async function makeTellingGit(folder: string, seen: string): Promise<string> {
  const bin = join(folder, 'bin');
  await mkdir(bin);
  await mkdir(seen);
  const search = `PATH='${process.env.PATH}' exec git "$@"`;
  await writeFile(join(bin, 'git'), `#!/bin/sh\ncat /proc/self/environ > ${seen}/$$\n${search}\n`);
  await chmod(join(bin, 'git'), 0o755);
  return bin;
}
