import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openBuildApiWorld } from '../support/build-api-world.ts';
import type { TestFile } from '../support/git.ts';
import { installStandIn, makeJavaHome } from '../support/mxbuild/stand-in.ts';
import { FORMATS, makeProjectFile } from '../support/project-file.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const VERSION = '10.12.3.41523';

/** A server with one MxBuild and one JDK, and an app whose repository holds a Mendix project. */
async function openMendixWorld(t: TestContext) {
  const folder = await temporaryFolder(t);
  const dataFolder = join(folder, 'data');
  const toolchains = join(dataFolder, 'toolchains', 'mxbuild');
  await mkdir(toolchains, { recursive: true });
  await installStandIn(toolchains, VERSION);
  const javaHomes = [await makeJavaHome(join(folder, 'jdk'), '21.0.2')];
  const world = await openBuildApiWorld(t, { dataFolder, javaHomes });
  const project = join(folder, 'App.mpr');
  makeProjectFile(project, { version: VERSION, ...FORMATS[2] });
  const commit = async (files: Readonly<Record<string, TestFile>>) => {
    const [id = ''] = await world.repository.commit([{ branch: 'main', files }]);
    return id;
  };
  const first = await commit({ 'App.mpr': await readFile(project), 'mprcontents/aa/bb/c.mxunit': 'a unit' });
  return { ...world, commit, first };
}

test('a source with a project file is built with the MxBuild of its version', async (t) => {
  const { build, first, server } = await openMendixWorld(t);
  const built = await build({ Revision: first, Version: '1.2.3' });
  assert.deepEqual([built.Status, built.StatusReason, built.MendixVersion], ['Succeeded', null, VERSION]);
  assert.equal(Object.hasOwn(built, 'Problems'), false);
  const asArchive = { Builder: 'archive' };
  assert.equal((await server.call('PATCH', '/manage/1/apps/calc', asArchive)).status, 200);
  const archived = await build({ Revision: first, Version: '1.2.3' });
  assert.deepEqual([archived.Status, archived.MendixVersion], ['Succeeded', null]);
  assert.notEqual(archived.Sha256, built.Sha256);
});

test('errors in the model fail the build and are listed on the package', async (t) => {
  const { build, call, commit } = await openMendixWorld(t);
  const problems = [
    { severity: 'Error', message: 'No entity.', locations: [{ document: "Page 'Home'", module: 'Main' }] },
    { severity: 'Warning', message: 'Unused.', locations: [] },
  ];
  const broken = await commit({ 'stand-in.json': JSON.stringify({ problems }) });
  const failed = await build({ Revision: broken, Version: '1.2.3' });
  assert.deepEqual(
    [failed.Status, failed.StatusReason],
    ['Failed', "The model has errors. Error in Main.Page 'Home': No entity."],
  );
  assert.deepEqual(failed.Problems, [
    { Severity: 'Error', Message: 'No entity.', Document: "Page 'Home'", Module: 'Main' },
    { Severity: 'Warning', Message: 'Unused.', Document: null, Module: null },
  ]);
  const [listed] = (await call('GET', '/api/1/apps/calc/packages')).body;
  assert.deepEqual(listed.Problems, failed.Problems);
});

test('a version that is not there fails the build with the command that mends it', async (t) => {
  const { build, commit } = await openMendixWorld(t);
  const other = join(await temporaryFolder(t), 'App.mpr');
  makeProjectFile(other, { version: '9.24.5.1' });
  const failed = await build({ Revision: await commit({ 'App.mpr': await readFile(other) }), Version: '1.2.3' });
  assert.equal(failed.Status, 'Failed');
  assert.match(failed.StatusReason, /slipway toolchain add mxbuild-9\.24\.5\.1\.tar\.gz$/);
});
