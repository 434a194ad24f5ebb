import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeTestRepository } from '../support/git.ts';
import { installStandIn, makeJavaHome } from '../support/mxbuild/stand-in.ts';
import { FORMATS, makeProjectFile } from '../support/project-file.ts';
import { runSlipway } from '../support/run-slipway.ts';
import { startTestServer } from '../support/server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const MENDIX_VERSION = '10.12.3.41523';

/** A server with the app `broken`, whose build fails: the repository of its submodule is not there. */
async function setUp(context: { after(work: () => unknown): void }) {
  const folder = await temporaryFolder(context);
  const server = await startTestServer(context);
  const repository = await makeTestRepository(join(folder, 'broken.git'), { mainBranch: 'main' });
  const files = {
    '.gitmodules': '[submodule "sub"]\n\tpath = sub\n\turl = ../none.git\n',
    sub: { mode: '160000', content: '1'.repeat(40) },
  };
  await repository.commit([{ branch: 'main', files }]);
  for (const [AppId, Repository] of [
    ['broken', repository.path],
    ['absent', join(folder, 'none.git')],
  ]) {
    assert.equal((await server.call('POST', '/manage/1/apps', { AppId, Repository })).status, 200);
  }
  const { username, apiKey } = server.admin;
  const variables = { SLIPWAY_URL: server.url, SLIPWAY_USERNAME: username, SLIPWAY_API_KEY: apiKey };
  const run = (app: string, ...more: string[]) => {
    const start = ['build', 'start', app, '--revision', '1', '--version', '1.0.0', ...more];
    return runSlipway(context, folder, start, variables);
  };
  const reason = `The submodule 'sub' cannot be read: The repository ${join(folder, 'none.git')} is not there, or is no Git repository.`;
  return { run, reason, absent: `The repository ${join(folder, 'none.git')} is not there, or is no Git repository.` };
}

test('a build that fails ends the command with 3, the package on stdout and the reason on stderr', async (context) => {
  const { run, reason } = await setUp(context);
  const { code, stdout, stderr } = await run('broken', '--wait');
  assert.equal(code, 3);
  assert.match(stdout, /^Status +Failed$/m);
  assert.match(stdout, new RegExp(`^Reason +${reason}$`, 'm'));
  assert.equal(stderr.split('\n').at(-2), `The build of Main line-1.0.0.1.mda failed: ${reason}`);
});

test('with --json the package is JSON on stdout, and the error the last line on stderr', async (context) => {
  const { run, reason } = await setUp(context);
  const { code, stdout, stderr } = await run('broken', '--follow', '--json');
  assert.equal(code, 3);
  const found = JSON.parse(stdout);
  assert.deepEqual([found.Status, found.StatusReason, found.Sha256, found.Url], ['Failed', reason, null, undefined]);
  const lines = stderr.trimEnd().split('\n');
  assert.deepEqual(JSON.parse(lines.at(-1) ?? ''), {
    errorCode: 'BUILD_NOT_SUCCEEDED',
    errorMessage: `The build of Main line-1.0.0.1.mda failed: ${reason}`,
    exitCode: 3,
  });
  assert.ok(
    lines.some((line) => line.endsWith(`Failed: ${reason}`)),
    stderr,
  );
});

test('a build that cannot be started ends the command with 3 as well, and nothing on stdout', async (context) => {
  const { run, absent } = await setUp(context);
  const { code, stdout, stderr } = await run('absent', '--wait', '--json');
  assert.deepEqual([code, stdout], [3, '']);
  assert.deepEqual(JSON.parse(stderr), { errorCode: 'BUILD_FAILED', errorMessage: absent, exitCode: 3 });
});

test('what is wrong with a model is a table on stdout, and in the answer of --json', async (context) => {
  const folder = await temporaryFolder(context);
  const toolchains = join(folder, 'data', 'toolchains', 'mxbuild');
  await mkdir(toolchains, { recursive: true });
  await installStandIn(toolchains, MENDIX_VERSION);
  const javaHomes = [await makeJavaHome(join(folder, 'jdk'), '21.0.2')];
  const server = await startTestServer(context, { dataFolder: join(folder, 'data'), javaHomes });
  const project = join(folder, 'App.mpr');
  makeProjectFile(project, { version: MENDIX_VERSION, ...FORMATS[2] });
  const problems = [
    { severity: 'Error', message: 'No entity.', locations: [{ document: "Page 'Home'", module: 'Main' }] },
    { severity: 'Deprecation', message: 'Old layout.', locations: [] },
  ];
  const files = { 'App.mpr': await readFile(project), 'stand-in.json': JSON.stringify({ problems }) };
  const repository = await makeTestRepository(join(folder, 'crm.git'), { mainBranch: 'main' });
  await repository.commit([{ branch: 'main', files }]);
  const app = { AppId: 'crm', Repository: repository.path };
  assert.equal((await server.call('POST', '/manage/1/apps', app)).status, 200);
  const { username, apiKey } = server.admin;
  const variables = { SLIPWAY_URL: server.url, SLIPWAY_USERNAME: username, SLIPWAY_API_KEY: apiKey };
  const run = (...more: string[]) =>
    runSlipway(context, folder, ['build', 'start', 'crm', '--revision', '1', '--wait', ...more], variables);
  const { code, stdout } = await run('--version', '1.0.0');
  assert.equal(code, 3);
  assert.match(stdout, /^SEVERITY +MODULE +DOCUMENT +PROBLEM$/im);
  assert.match(stdout, /^Error +Main +Page 'Home' +No entity\.$/m);
  assert.match(stdout, /^Deprecation +Old layout\.$/m);
  const asJson = await run('--version', '1.0.1', '--json');
  assert.deepEqual(JSON.parse(asJson.stdout).Problems, [
    { Severity: 'Error', Message: 'No entity.', Document: "Page 'Home'", Module: 'Main' },
    { Severity: 'Deprecation', Message: 'Old layout.', Document: null, Module: null },
  ]);
});
