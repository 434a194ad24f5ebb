import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { startCluster } from '../support/cluster.ts';
import { makeTestRepository, type TestFile } from '../support/git.ts';
import { linkPrograms } from '../support/link-programs.ts';
import { installStandIn, makeJavaHome } from '../support/mxbuild/stand-in.ts';
import { FORMATS, makeProjectFile } from '../support/project-file.ts';
import { readPackage } from '../support/script-world.ts';
import { call, type TestServer } from '../support/server.ts';
import { startServerProcess } from '../support/server-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const VERSION = '10.12.3.41523';
const NO_SANDBOX =
  "Commands of a build need a sandbox, and 'bwrap' is not found on this server: install it ('apt-get install bubblewrap').";

type Called = Pick<TestServer, 'url' | 'admin' | 'call'>;

/** A machine without bubblewrap: what a server finds there, and sources for each of the builders. */
async function openMachine(t: TestContext) {
  const folder = await temporaryFolder(t);
  const programs = join(folder, 'bin');
  await mkdir(programs);
  await linkPrograms(programs, ['git']);
  const variables = {
    PATH: programs,
    SLIPWAY_JAVA_HOMES: await makeJavaHome(join(folder, 'jdk'), '21.0.2'),
    SLIPWAY_MXBUILD_MIRROR: 'none',
  };
  const project = join(folder, 'App.mpr');
  makeProjectFile(project, { version: VERSION, ...FORMATS[2] });
  const sources: Readonly<Record<string, Readonly<Record<string, TestFile>>>> = {
    archive: { 'a.txt': 'a' },
    script: { 'slipway.yml': JSON.stringify({ build: { run: 'echo made > app.mda', package: 'app.mda' } }) },
    mxbuild: { 'App.mpr': await readFile(project) },
  };
  const repositories = new Map<string, string>();
  for (const [builder, files] of Object.entries(sources)) {
    const repository = await makeTestRepository(join(folder, `${builder}.git`), { mainBranch: 'main' });
    await repository.commit([{ branch: 'main', files }]);
    repositories.set(builder, repository.path);
  }
  return {
    folder,
    programs,
    variables,
    prepare: prepareData,
    /** Makes an app for each builder. @returns what builds the one of a builder */
    async makeApps(server: Called) {
      for (const [AppId, Repository] of repositories) {
        assert.equal((await server.call('POST', '/manage/1/apps', { AppId, Repository })).status, 200);
      }
      return async (builder: string) => {
        const request = { Revision: '1', Version: '1.0.0' };
        const started = await server.call('POST', `/api/1/apps/${builder}/packages`, request);
        assert.equal(started.status, 200, JSON.stringify(started.body));
        const { status, reason, log } = await readPackage(server, started.body.PackageId, builder);
        if (status === 'Failed') assert.ok(log.includes(`Failed: ${reason}`), log);
        return { status, reason };
      };
    },
  };
}

async function prepareData(dataFolder: string): Promise<void> {
  const toolchains = join(dataFolder, 'toolchains', 'mxbuild');
  await mkdir(toolchains, { recursive: true });
  await installStandIn(toolchains, VERSION);
}

const failed = { status: 'Failed', reason: NO_SANDBOX };
const succeeded = { status: 'Succeeded', reason: '' };

test('without bubblewrap, builds that run commands fail with what to do, others do not, until it is installed', async (t) => {
  const { folder, programs, variables, prepare, makeApps } = await openMachine(t);
  const data = join(folder, 'data');
  await prepare(data);
  const server = await startServerProcess(data, variables);
  t.after(() => server.end('SIGKILL'));
  const { url, admin } = server;
  const build = await makeApps({ url, admin, call: (method, path, body) => call(url, method, path, body, admin) });
  assert.deepEqual(await build('script'), failed);
  assert.deepEqual(await build('mxbuild'), failed);
  assert.deepEqual(await build('archive'), succeeded);
  await linkPrograms(programs, ['bwrap', 'prlimit']);
  assert.deepEqual(await build('script'), succeeded);
  assert.deepEqual(await build('mxbuild'), succeeded);
});

test('so it is where workers build', async (t) => {
  const { variables, prepare, makeApps } = await openMachine(t);
  const cluster = await startCluster(t, { servers: [{}], workers: [variables], prepare });
  const build = await makeApps(cluster);
  assert.deepEqual(await build('script'), failed);
  assert.deepEqual(await build('mxbuild'), failed);
  assert.deepEqual(await build('archive'), succeeded);
});
