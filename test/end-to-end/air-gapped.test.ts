import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { makeTestRepository } from '../support/git.ts';
import { packStandIn } from '../support/mxbuild/archive.ts';
import { makeJavaHome } from '../support/mxbuild/stand-in.ts';
import { listBlocks } from '../support/page-blocks.ts';
import { FORMATS, makeProjectFile } from '../support/project-file.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const run = promisify(execFile);
const GUIDE = await readFile(new URL('../../docs/air-gapped.md', import.meta.url), 'utf8');
const COMMAND = fileURLToPath(new URL('../../bin/slipway.mjs', import.meta.url));
const VERSION = '10.12.3.41523';
/** Enters a network that has nothing but a loopback of its own. The kernel gives it to root, and to whoever is root in a user namespace. */
const NO_NETWORK = process.getuid?.() === 0 ? ['--net'] : ['--net', '--user', '--map-current-user', '--keep-caps'];

test('the commands of docs/air-gapped.md build a Mendix app on a machine that has no network', async (t) => {
  const folder = await temporaryFolder(t);
  await packStandIn(join(folder, `mxbuild-${VERSION}.tar.gz`), VERSION);
  const revision = await commitProject(join(folder, 'crm.git'));
  const [toolchains = '', serve = '', app = ''] = listBlocks(GUIDE)
    .filter(({ mark }) => mark?.includes('air-gapped.test.ts'))
    .map(({ text }) => text.replaceAll('/srv/slipway', `${folder}/data`).replaceAll('/srv/git', folder).trimEnd())
    .map((text) => text.replace('1f3a9c2e', revision.slice(0, 8)));
  const script = `
    slipway() { '${process.execPath}' '${COMMAND}' "$@"; }
    ip link set lo up
    ${toolchains}
    '${process.execPath}' '${COMMAND}' ${serve.replace('slipway ', '')} &
    trap "kill $!; wait" EXIT
    timeout 60 sh -c 'until curl -sf -o health http://127.0.0.1:4400/readyz; do sleep 0.05; done'
    SLIPWAY_API_KEY=$(cat data/admin.key)
    export SLIPWAY_API_KEY
    ${app}
    slipway package list crm --json`;
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    SLIPWAY_LOG_LEVEL: 'error',
    SLIPWAY_JAVA_HOMES: await makeJavaHome(join(folder, 'jdk'), '21.0.2'),
    SLIPWAY_URL: 'http://127.0.0.1:4400',
    SLIPWAY_USERNAME: 'admin',
  };
  const { stdout } = await run('unshare', [...NO_NETWORK, 'sh', '-euc', script], { cwd: folder, env });
  assert.match(stdout, new RegExp(`Added MxBuild ${VERSION}`));
  const [made] = JSON.parse(stdout.slice(stdout.lastIndexOf('\n[') + 1));
  assert.deepEqual([made.Status, made.MendixVersion, made.Branch], ['Succeeded', VERSION, 'main']);
});

async function commitProject(path: string): Promise<string> {
  const file = `${path}.mpr`;
  makeProjectFile(file, { version: VERSION, ...FORMATS[2] });
  const repository = await makeTestRepository(path, { mainBranch: 'main' });
  const [revision = ''] = await repository.commit([{ branch: 'main', files: { 'CRM.mpr': await readFile(file) } }]);
  return revision;
}
