import assert from 'node:assert/strict';
import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { makeTestRepository } from '../support/git.ts';
import { packStandIn } from '../support/mxbuild/archive.ts';
import { startMirror } from '../support/mxbuild/mirror.ts';
import { makeJavaHome } from '../support/mxbuild/stand-in.ts';
import { FORMATS, makeProjectFile } from '../support/project-file.ts';
import { readPackage } from '../support/script-world.ts';
import { call } from '../support/server.ts';
import { startServerProcess } from '../support/server-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const VERSION = '10.12.3.41523';
const HALF = 32 * 1024 * 1024;

/** A Mendix app, and a mirror of its MxBuild that gives only the first half of it until it is let go. */
async function openWorld(t: TestContext) {
  const folder = await temporaryFolder(t);
  const archive = join(folder, 'mxbuild.tar');
  await packStandIn(archive, VERSION);
  const { size } = await stat(archive);
  let isHeld = true;
  const mirror = await startMirror(t, (response) => {
    response.setHeader('Content-Length', size);
    createReadStream(archive, isHeld ? { end: HALF } : {}).pipe(response, { end: !isHeld });
  });
  const project = join(folder, 'App.mpr');
  makeProjectFile(project, { version: VERSION, ...FORMATS[2] });
  const repository = await makeTestRepository(join(folder, 'crm.git'), { mainBranch: 'main' });
  await repository.commit([{ branch: 'main', files: { 'App.mpr': await readFile(project) } }]);
  const data = join(folder, 'data');
  const variables = {
    SLIPWAY_MXBUILD_MIRROR: mirror.address,
    SLIPWAY_JAVA_HOMES: await makeJavaHome(join(folder, 'jdk'), '21.0.2'),
    SLIPWAY_BUILD_SLOTS: '2',
    SLIPWAY_SHUTDOWN_GRACE: '1s',
  };
  const start = async () => {
    const server = await startServerProcess(data, variables);
    t.after(() => server.end('SIGKILL'));
    const { url, admin } = server;
    return { ...server, call: (method: string, path: string, body?: unknown) => call(url, method, path, body, admin) };
  };
  const server = await start();
  const app = { AppId: 'crm', Repository: repository.path };
  assert.equal((await server.call('POST', '/manage/1/apps', app)).status, 200);
  return {
    server,
    /** Starts the server once more. */
    start,
    mirror,
    letGo() {
      isHeld = false;
    },
    toolchains: () => readdir(join(data, 'toolchains', 'mxbuild')),
    async startBuild(version: string): Promise<string> {
      const { body } = await server.call('POST', '/api/1/apps/crm/packages', { Revision: '1', Version: version });
      return body.PackageId;
    },
    async untilLogged(id: string, line: RegExp): Promise<void> {
      const { username, apiKey } = server.admin;
      const headers = { 'Mendix-Username': username, 'Mendix-ApiKey': apiKey };
      const path = `${server.url}/api/1/apps/crm/packages/${id}/log`;
      await until(String(line), async () => line.test(await (await fetch(path, { headers })).text()), 60_000);
    },
  };
}

test('builds wait for one download, and a server killed meanwhile makes them after its next start', async (t) => {
  const { server, start, mirror, letGo, toolchains, startBuild, untilLogged } = await openWorld(t);
  const first = await startBuild('1.0.0');
  await untilLogged(first, /mxbuild: Fetching MxBuild 10\.12\.3\.41523 from http:\/\/127\.0\.0\.1/);
  const second = await startBuild('1.0.1');
  await untilLogged(second, /mxbuild: MxBuild 10\.12\.3\.41523 is being fetched already, for another build\./);
  await until('it is being unpacked', async () => (await toolchains()).length === 1);
  await server.end('SIGKILL');
  const left = await toolchains();
  assert.match(left.join(), /^\.new-[0-9a-f-]{36}$/);

  letGo();
  const again = await start();
  assert.equal((await toolchains()).includes(left[0] ?? ''), false);
  const ends = await Promise.all([first, second].map((id) => readPackage(again, id, 'crm')));
  for (const { status, reason, log } of ends) assert.deepEqual([status, reason], ['Succeeded', ''], log);
  assert.match(ends.map(({ log }) => log).join('\n'), /mxbuild: MxBuild 10\.12\.3\.41523 is here\./);
  assert.deepEqual(await toolchains(), [VERSION]);
  assert.equal(mirror.asked.length, 2);
});

test('a server that is stopped ends a download, and leaves nothing of it', async (t) => {
  const { server, toolchains, startBuild, untilLogged } = await openWorld(t);
  await untilLogged(await startBuild('1.0.0'), /mxbuild: Fetching MxBuild/);
  await until('it is being unpacked', async () => (await toolchains()).length === 1);
  assert.equal(await server.end('SIGTERM'), 0);
  assert.deepEqual(await toolchains(), []);
});
