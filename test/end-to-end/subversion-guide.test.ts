import assert from 'node:assert/strict';
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { makeCertificate } from '../support/certificates.ts';
import { startSvnserve } from '../support/git-servers.ts';
import { listBlocks } from '../support/page-blocks.ts';
import { startServerProcess } from '../support/server-process.ts';
import { openShell } from '../support/shell.ts';
import { makeSvnRepository, runTestSvn } from '../support/svn.ts';
import { startSvnHttp } from '../support/svn-http-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const GUIDE = await readFile(new URL('../../docs/subversion.md', import.meta.url), 'utf8');
const BLOCKS = listBlocks(GUIDE);
const USER = { name: 'builder', password: 'a-very-s3cret-word' };

/** The servers of the page: one for everybody over `svn://`, and one over https that asks for a password. */
async function startServers(t: TestContext, folder: string) {
  const [open, closed] = [join(folder, 'open'), join(folder, 'closed')];
  for (const one of [open, closed]) await mkdir(one);
  const legacy = await makeSvnRepository(join(open, 'legacy'));
  const main = await legacy.commit('trunk', { 'model.txt': 'one' });
  const feature = await legacy.commit('branches/feature/x', { 'model.txt': 'two' }, { from: 'trunk' });
  const all = await makeSvnRepository(join(open, 'all'));
  await all.commit('billing/main', { 'model.txt': 'one' });
  await all.commit('billing/work/tax', { 'model.txt': 'two' }, { from: 'billing/main' });
  await (await makeSvnRepository(join(closed, 'orders'))).commit('trunk', { 'model.txt': 'one' });
  const svnserve = await startSvnserve(open);
  t.after(svnserve.stop);
  const certificate = await makeCertificate(folder, 'authority');
  const https = await startSvnHttp(closed, { user: USER, certificate });
  t.after(https.stop);
  /** What stands on the page, as it is here. */
  const placed = (text: string) =>
    text
      .replaceAll('svn://svn.example.com/', svnserve.url)
      .replaceAll('https://svn.example.com/', https.url)
      .replaceAll('/etc/slipway', join(folder, 'etc'))
      .replaceAll(/\b63\b/g, main)
      .replaceAll(/\b64\b/g, feature);
  await mkdir(join(folder, 'etc'));
  await copyFile(certificate.certFile, join(folder, 'etc', 'authority.pem'));
  return { placed, legacy, all, main, feature };
}

test('the commands of docs/subversion.md create, build and tag as the page says', async (t) => {
  const folder = await temporaryFolder(t);
  const { placed, legacy, all, main, feature } = await startServers(t, folder);
  assert.ok(BLOCKS.every(({ mark }) => mark === 'run by test/end-to-end/subversion-guide.test.ts'));
  const [creating = '', protectedApp = '', layout = '', trusting = '', building = '', ...others] = BLOCKS.map(
    ({ text }) => placed(text),
  );
  assert.deepEqual(others, []);
  const settings = Object.fromEntries([trusting.trim().split('=', 2)]);
  const dataFolder = join(folder, 'data');
  const server = await startServerProcess(dataFolder, settings);
  t.after(() => server.end('SIGKILL'));
  const variables = { SLIPWAY_URL: server.url, SLIPWAY_USERNAME: 'admin', SLIPWAY_API_KEY: server.admin.apiKey };
  const { run } = await openShell(folder, variables);
  const isTagged = (url: string, content: string) =>
    until(`the tag ${url} is there`, async () => {
      const there = await runTestSvn('svn', ['cat', `${url}/model.txt`]).catch(() => undefined);
      return there === content;
    });

  const created = (await run(creating)).stdout;
  assert.match(created, /^Repository +svn:\S+ \(svn\)$/m);
  assert.ok(GUIDE.includes('`2.5.4.63`'));
  const says = new RegExp(`^Version +2\\.5\\.4\\.${main}\nBranch +trunk\nRevision +${main}$`, 'm');
  assert.match(created, says);
  await isTagged(`${legacy.url}/tags/2.5.4.${main}`, 'one');
  const built = (await run(building)).stdout;
  assert.match(built, new RegExp(`^Version +2\\.5\\.4\\.${feature}\nBranch +branches/feature/x\n`, 'm'));
  await isTagged(`${legacy.url}/tags/2.5.4.${feature}`, 'two');

  await writeFile(join(folder, 'password.txt'), `${USER.password}\n`);
  await assert.rejects(run(protectedApp.replace(' --kind svn', '')), /asks for a password before it says/);
  await run(protectedApp);
  await run('slipway build start orders --revision 1 --version 1.0.0 --wait');

  assert.match((await run(layout)).stdout, /^Trunk +billing\/main\nBranches +billing\/work\nTags +billing\/released$/m);
  await run('slipway build start billing --branch tax --revision 2 --version 1.0.0 --wait');
  await isTagged(`${all.url}/billing/released/1.0.0.2`, 'two');

  await server.end('SIGTERM');
  const mirrors = join(dataFolder, 'mirrors');
  const kept = (await readdir(mirrors, { withFileTypes: true })).filter((one) => one.isDirectory());
  assert.equal(kept.length, 3);
  await rm(mirrors, { recursive: true });
  const again = await startServerProcess(dataFolder, settings);
  t.after(() => again.end('SIGKILL'));
  await run(`export SLIPWAY_URL=${again.url}; ${building}`);
});
