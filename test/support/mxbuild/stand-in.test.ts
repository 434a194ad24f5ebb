import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readZip } from '../read-zip.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { installStandIn, makeJavaHome } from './stand-in.ts';

async function openStandIn(t: TestContext) {
  const folder = await temporaryFolder(t);
  const java = await makeJavaHome(join(folder, 'java'), '21.0.1');
  const program = join(await installStandIn(folder, '10.24.0.1'), 'modeler/mxbuild');
  const project = await temporaryFolder(t);
  await writeFile(join(project, 'App.mpr'), '');
  const needed = [`--java-home=${java}`, `--java-exe-path=${join(java, 'bin/java')}`];
  const run = (...options: readonly string[]) =>
    spawnSync(program, [...needed, ...options, 'App.mpr'], { cwd: project }).status;
  return { project, run };
}

test('the stand-in for MxBuild takes every option that is documented, and no other', async (t) => {
  const { project, run } = await openStandIn(t);
  const described = [
    '--model-version=1.2.3',
    '--model-description=a',
    '--project-name=b',
    '--write-errors=errors.json',
  ];
  const others = [
    '--loose-version-check',
    '--gradle-home=/gradle',
    '--extra-gradle-arguments=--offline',
    '--export-secrets',
  ];
  const sbom = ['--generate-sbom', '--sbom-output-path=sbom.json'];
  assert.equal(run('--target=package', '-o', 'made.mda', ...described, ...others, ...sbom), 0);
  const members = await readZip(await readFile(join(project, 'made.mda')));
  assert.ok(members.some(({ name }) => name === 'sbom.json'));
  for (const wrong of ['--git-commit=abc', '--target=all', '--target']) assert.equal(run(wrong), 2, wrong);
});

test('the stand-in for MxBuild makes a package where nothing else is said, and none to deploy', async (t) => {
  const { project, run } = await openStandIn(t);
  assert.equal(run('--target=deploy'), 0);
  assert.deepEqual((await readdir(project)).sort(), ['App.mpr', 'deployment']);
  assert.equal(run(), 0);
  assert.deepEqual((await readdir(project)).sort(), ['App.mpr', 'deployment', 'out.mda']);
});
