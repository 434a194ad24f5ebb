import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, readlink, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { openBuildApiWorld } from '../support/build-api-world.ts';
import { openCommandLine } from '../support/command-line.ts';
import { environmentCalls } from '../support/environments.ts';
import { findFreePort } from '../support/find-free-port.ts';
import { listBlocks, splitWords } from '../support/page-blocks.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const GUIDE = await readFile(new URL('../../docs/deploying-into-a-directory.md', import.meta.url), 'utf8');
const BLOCKS = listBlocks(GUIDE).filter(({ mark }) => mark?.includes('directory-guide.test.ts'));
const [COMMAND = '', START = '', STOP = ''] = BLOCKS.map(({ text }) => text);
const SERVER = `
  import { readFile } from 'node:fs/promises';
  import { createServer } from 'node:http';
  const page = await readFile('page.txt');
  createServer((_request, response) => response.end(page)).listen(8080, '127.0.0.1');
`;

/** The app of the guide, on a port that is free. */
function appOnPort(port: number) {
  const onPort = (text: string) => text.replaceAll('8080', String(port));
  return (page: string, server = SERVER) => ({
    'page.txt': page,
    'server.mjs': onPort(server),
    'bin/start.sh': onPort(START),
    'bin/stop.sh': onPort(STOP),
  });
}

test('the commands of docs/deploying-into-a-directory.md deploy a server into a directory, and go back when one does not start', async (t) => {
  let running: number | undefined;
  // First of all, since neither folder nor server are there when the test has failed.
  t.after(() => running !== undefined && process.kill(running, 'SIGKILL'));
  const folder = await realpath(await temporaryFolder(t));
  const allowed = join(folder, 'apps');
  await mkdir(allowed);
  const world = await openBuildApiWorld(t, { deployFolders: [allowed] });
  const { server, repository } = world;
  const slipway = openCommandLine(folder, {
    SLIPWAY_URL: server.url,
    SLIPWAY_USERNAME: server.admin.username,
    SLIPWAY_API_KEY: server.admin.apiKey,
  });
  assert.ok(COMMAND.includes('=/srv/apps/calc'));
  const created = await slipway.run(splitWords(COMMAND.trim().replace('/srv/apps', allowed)).slice(1));
  assert.equal(created.code, 0, created.stderr);

  const port = await findFreePort();
  const app = appOnPort(port);
  const environment = environmentCalls(world.call, 'Acceptance');
  const start = async () => {
    await environment.run();
    running = Number(await readFile(join(allowed, 'calc', 'server.pid'), 'utf8'));
  };
  const stop = async () => {
    await environment.stop();
    running = undefined;
  };
  const page = async () => await (await fetch(`http://127.0.0.1:${port}/`)).text();
  const deploy = async (files: Readonly<Record<string, string>>, parents: readonly string[]) => {
    const [Revision = ''] = await repository.commit([{ branch: 'main', files, parents }]);
    const { PackageId } = await world.build({ Revision });
    await stop();
    const transported = await environment.transport(PackageId);
    assert.equal(transported.status, 200, JSON.stringify(transported.body));
    return { PackageId, Revision };
  };

  const first = await deploy(app('the first page'), [world.revisions[1]]);
  await start();
  assert.equal(await page(), 'the first page');
  const second = await deploy(app('the second page'), [first.Revision]);
  await start();
  assert.equal(await page(), 'the second page');

  await deploy(app('', 'throw new Error("broken by its author");'), [second.Revision]);
  const { JobId } = (await environment.start()).body;
  const failed = await until('the start ends', async () => {
    const answer = await environment.startStatus(JobId);
    return answer.body.Status !== 'Starting' && answer;
  });
  assert.deepEqual([failed.status, failed.body.errorCode], [500, 'START_FAILED']);
  assert.match(failed.body.errorMessage, /^Cannot start app: its start command ended with 1.*broken by its author/);
  const current = join(allowed, 'calc', 'current');
  assert.equal(await readlink(current), `releases/${second.PackageId}`);
  assert.equal(await readFile(join(current, 'page.txt'), 'utf8'), 'the second page');

  await environment.transport(second.PackageId);
  await start();
  assert.equal(await page(), 'the second page');
  const inUse = await slipway.run(['app', 'delete', 'calc']);
  assert.match(inUse.stderr, /its environment 'Acceptance' runs/);
  await stop();
  await assert.rejects(page());
  assert.equal((await server.call('DELETE', '/manage/1/apps/calc')).status, 200);
  await until('what was deployed is gone', async () => (await readdir(join(allowed, 'calc'))).length === 0);
});

test('without SLIPWAY_DEPLOY_FOLDERS there are no such environments', async (t) => {
  const { server } = await openBuildApiWorld(t);
  const request = { Mode: 'Test', Target: 'directory', TargetOptions: { folder: '/srv/apps/calc' } };
  const { status, body } = await server.call('POST', '/manage/1/apps/calc/environments', request);
  assert.deepEqual([status, body.errorCode], [400, 'INVALID_PARAMETERS']);
  assert.match(body.errorMessage, /set SLIPWAY_DEPLOY_FOLDERS/);
});
