import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeTestRepository } from '../support/git.ts';
import { packStandIn } from '../support/mxbuild/archive.ts';
import { makeJavaHome } from '../support/mxbuild/stand-in.ts';
import { listBlocks } from '../support/page-blocks.ts';
import { FORMATS, makeProjectFile } from '../support/project-file.ts';
import { readZip } from '../support/read-zip.ts';
import { startServerProcess } from '../support/server-process.ts';
import { openShell } from '../support/shell.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const GUIDE = await readFile(new URL('../../docs/a-mendix-app.md', import.meta.url), 'utf8');
const VERSION = '10.12.3.41523';
const PROBLEMS = [
  { severity: 'Error', message: 'No entity.', locations: [{ document: "Page 'Home'", module: 'Main' }] },
  { severity: 'Warning', message: 'Unused.', locations: [] },
];

/** A repository with two projects, of which the page names one, and a revision whose model has errors. */
async function commitProjects(path: string) {
  const file = `${path}.mpr`;
  makeProjectFile(file, { version: VERSION, ...FORMATS[2] });
  const project = await readFile(file);
  const repository = await makeTestRepository(path, { mainBranch: 'main' });
  const files = { 'apps/crm/CRM.mpr': project, 'apps/shop/Shop.mpr': project };
  const [good = ''] = await repository.commit([{ branch: 'main', files }]);
  const broken = { 'apps/crm/stand-in.json': JSON.stringify({ problems: PROBLEMS }) };
  const [bad = ''] = await repository.commit([{ branch: 'main', files: broken }]);
  return { address: repository.path, good, bad };
}

test('the commands of docs/a-mendix-app.md build a project with an MxBuild that is fetched for it, and tell what is wrong with a model', async (t) => {
  const folder = await temporaryFolder(t);
  await packStandIn(join(folder, `mxbuild-${VERSION}.tar.gz`), VERSION);
  const { address, good, bad } = await commitProjects(join(folder, 'crm.git'));
  const dataFolder = join(folder, 'data');
  const settings = {
    SLIPWAY_MXBUILD_MIRROR: join(folder, 'mxbuild-{version}.tar.gz'),
    SLIPWAY_JAVA_HOMES: await makeJavaHome(join(folder, 'jdk'), '21.0.2'),
  };
  const server = await startServerProcess(dataFolder, settings);
  t.after(() => server.end('SIGKILL'));
  const variables = { SLIPWAY_URL: server.url, SLIPWAY_USERNAME: 'admin', SLIPWAY_API_KEY: server.admin.apiKey };
  const { run } = await openShell(folder, { ...variables, ...settings });
  const [block = ''] = listBlocks(GUIDE).map(({ text }) => text);
  const placed = block.replace('https://git.example.com/crm.git', address).replace('1f3a9c2e', good.slice(0, 8));
  const [create = '', choose = '', build = '', ...others] = placed.trimEnd().split('\n');
  assert.deepEqual(others, []);

  await run(create);
  await assert.rejects(run(build), /There are 2 project files .* 'apps\/crm\/CRM\.mpr', 'apps\/shop\/Shop\.mpr'\./);
  assert.match((await run(choose)).stdout, /^Project file +apps\/crm\/CRM\.mpr$/m);
  const built = (await run(build)).stdout;
  assert.match(built, new RegExp(`^Mendix +${VERSION}$`, 'm'));
  const idOf = (printed: string) => /^PackageId +(\S+)$/m.exec(printed)?.[1] ?? '';
  await run(`slipway package download crm ${idOf(built)} --output crm.mda`);
  const members = await readZip(await readFile(join(folder, 'crm.mda')));
  assert.deepEqual(
    members.map(({ name }) => name),
    ['model/metadata.json', 'model/model.mdp', 'web/index.html'],
  );
  const { RuntimeVersion, ModelVersion } = JSON.parse(String(await members[0]?.content()));
  assert.deepEqual([RuntimeVersion, ModelVersion], [VERSION, `2.5.4.${good.slice(0, 8)}`]);
  assert.match((await run(`slipway doctor --data ${dataFolder} --port 0`)).stdout, new RegExp(`✔ MxBuild +${VERSION}`));

  const failing = `${build.replace(good.slice(0, 8), bad.slice(0, 8))} || test $? = 3`;
  const failed = (await run(failing)).stdout;
  const { stdout: shown } = await run(`slipway package show crm ${idOf(failed)}`);
  const log = (await run(`slipway build log crm ${idOf(failed)}`)).stdout;
  assert.match(log, /building with the MxBuild of the build before/);
  for (const printed of [failed, shown]) {
    assert.match(printed, /^Reason +The model has errors\. Error in Main\.Page 'Home': No entity\.$/m);
    assert.match(printed, /^Error +Main +Page 'Home' +No entity\.\nWarning +Unused\.$/m);
  }
  for (const { message } of PROBLEMS) assert.ok(log.includes(message), log);

  await run('slipway app update crm --builder archive');
  assert.doesNotMatch((await run(build)).stdout, /^Mendix/m);
});
