import assert from 'node:assert/strict';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeTestRepository } from '../support/git.ts';
import { installStandIn, makeJavaHome } from '../support/mxbuild/stand-in.ts';
import { makeProjectFile } from '../support/project-file.ts';
import { call } from '../support/server.ts';
import { startServerProcess } from '../support/server-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const VERSION = '10.12.3.41523';

for (const sandbox of ['bubblewrap', 'none']) {
  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    test(`${sandbox}: an MxBuild that is kept ends with the server, by ${signal}`, async (t) => {
      const folder = await temporaryFolder(t);
      const dataFolder = join(folder, 'data');
      const toolchains = join(dataFolder, 'toolchains', 'mxbuild');
      await mkdir(toolchains, { recursive: true });
      await installStandIn(toolchains, VERSION);
      const javaHomes = await makeJavaHome(join(folder, 'jdk'), '21.0.2');
      const project = join(folder, 'App.mpr');
      makeProjectFile(project, { version: VERSION });
      const source = await makeTestRepository(join(folder, 'source.git'));
      const [Revision = ''] = await source.commit([{ branch: 'main', files: { 'App.mpr': await readFile(project) } }]);
      const server = await startServerProcess(dataFolder, { SLIPWAY_SANDBOX: sandbox, SLIPWAY_JAVA_HOMES: javaHomes });
      t.after(() => server.end('SIGKILL'));
      const post = (path: string, body: object) => call(server.url, 'POST', path, body, server.admin);
      await post('/manage/1/apps', { AppId: 'crm', Repository: source.path, MainBranch: 'main' });
      const { PackageId } = (await post('/api/1/apps/crm/packages', { Revision, Version: '1.2.3' })).body;
      await until('it is built', async () => {
        const path = `/api/1/apps/crm/packages/${PackageId}?wait=20`;
        const { body } = await call(server.url, 'GET', path, undefined, server.admin);
        assert.notEqual(body.Status, 'Failed', body.StatusReason);
        return body.Status === 'Succeeded';
      });
      assert.notDeepEqual(await listProcesses(toolchains), []);
      await server.end(signal);
      await until('nothing of it runs', async () => (await listProcesses(toolchains)).length === 0);
      if (signal === 'SIGTERM') assert.deepEqual(await readdir(join(dataFolder, 'tmp')), []);
    });
  }
}

/** Those that have a path in their command line; of a sandbox too, as they are called outside. */
async function listProcesses(path: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (line.includes(path)) found.push(line.replaceAll('\0', ' '));
  }
  return found;
}
