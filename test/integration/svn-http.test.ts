import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { contents, refuses, signal } from '../contract/repository.ts';
import { startAsking } from '../support/asking-server.ts';
import { makeCertificate } from '../support/certificates.ts';
import { filesWith } from '../support/files-with.ts';
import { type Passing, startForwarding } from '../support/forwarding-server.ts';
import { processesWith } from '../support/processes-with.ts';
import { runTestSvn } from '../support/svn.ts';
import { startSvnHttp } from '../support/svn-http-server.ts';
import { makeSvnLab } from '../support/svn-lab.ts';

const USER = { name: 'builder', password: 'a-very-s3cret-word' };
const CREDENTIALS = { kind: 'password', username: USER.name, password: USER.password } as const;
const MAIN = { mainLine: true } as const;

/** A repository with one revision behind Apache, which asks for a password. */
async function httpLab(context: TestContext, options: Parameters<typeof startSvnHttp>[1] = { user: USER }) {
  const lab = await makeSvnLab(context);
  const id = await lab.remote.commit('trunk', { a: 'content' });
  const server = await startSvnHttp(lab.folder, options);
  context.after(server.stop);
  return { ...lab, id, server };
}

/** What goes on in front of a server, once it has been begun to. */
function redirecting(location: (passing: Passing) => string | undefined) {
  return async (passing: Passing) => {
    const target = location(passing);
    return target === undefined ? undefined : { status: 301, headers: { Location: target } };
  };
}

test('over https a server is let in whose certificate an authority of ours vouches for, and no other', async (context) => {
  const lab = await makeSvnLab(context);
  const id = await lab.remote.commit('trunk', { a: 'content' });
  const certificate = await makeCertificate(lab.folder, 'svn');
  const server = await startSvnHttp(lab.folder, { user: USER, certificate });
  context.after(server.stop);
  const address = `${server.url}app`;
  const trusting = lab.open(address, CREDENTIALS, { authoritiesFile: certificate.certFile });
  assert.deepEqual(await contents(await trusting.openTree(id, signal())), { a: 'content' });
  const tag = { name: '1', revisionId: id, message: '' };
  assert.deepEqual(await trusting.createTags([tag], signal()), ['done']);
  const other = await makeCertificate(lab.folder, 'other');
  // Which OpenSSL takes for what the machine trusts.
  const machine = { authoritiesFile: other.certFile, extraEnvironment: { SSL_CERT_FILE: certificate.certFile } };
  assert.equal((await lab.open(address, CREDENTIALS, machine).listBranches(signal())).length, 1);
  for (const options of [{}, { authoritiesFile: other.certFile }]) {
    const refused = lab.open(address, CREDENTIALS, options).listBranches(signal());
    await refuses(refused, 'unreachable', 'has a certificate that is not trusted here');
  }
});

test('wrong credentials, and none, are refused with a reason that does not hold them', async (context) => {
  const { server, open } = await httpLab(context);
  const address = `${server.url}app`;
  for (const credentials of [undefined, { ...CREDENTIALS, password: `${USER.password}!` }]) {
    await assert.rejects(open(address, credentials).listBranches(signal()), (error) => {
      assert.match(String(error), /does not let us in/);
      return !String(error).includes(USER.password);
    });
  }
  assert.equal((await open(address, CREDENTIALS).listBranches(signal())).length, 1);
});

test('everybody may read and only users may write: a tag is made with the password', async (context) => {
  const { server, open, id } = await httpLab(context, { user: USER, readers: 'everybody' });
  const repository = open(`${server.url}app`, CREDENTIALS);
  assert.deepEqual(await repository.createTags([{ name: '1', revisionId: id, message: '' }], signal()), ['done']);
  const tagging = open(`${server.url}app`).createTags([{ name: '2', revisionId: id, message: '' }], signal());
  await refuses(tagging, 'unreachable', 'does not let us in');
});

test('no other host gets the password after a redirect', async (context) => {
  const { server, open } = await httpLab(context);
  const seen: string[] = [];
  const stranger = await startAsking(seen);
  context.after(stranger.stop);
  const front = await startForwarding(
    server.url,
    redirecting(({ url }) => stranger.url + url.slice(1)),
  );
  context.after(front.stop);
  const repository = open(`${front.url}app`, CREDENTIALS);
  await refuses(
    repository.listBranches(signal()),
    'unreachable',
    'redirects to another address, which is not followed',
  );
  assert.ok(stranger.count() > 0);
  assert.deepEqual(seen, []);
});

test('a repository that redirects to this machine is refused at every step, and nothing of it is kept', async (context) => {
  const { server, open, id, folder, mirrorsFolder } = await httpLab(context, {});
  await runTestSvn('svnadmin', ['create', join(folder, 'secret')]);
  const secret = `file://${join(folder, 'secret')}`;
  await writeFile(join(folder, 'text'), 'of this machine');
  const commit = ['-m', 'told to nobody', '-U', secret, 'mkdir', 'trunk', 'put', join(folder, 'text'), 'trunk/a'];
  await runTestSvn('svnmucc', commit);
  // Every command begins with one of these.
  let honestAnswers = 0;
  const location = ({ method, url }: Passing) =>
    method === 'OPTIONS' && honestAnswers-- <= 0 ? `${secret}${url.slice('/app'.length)}` : undefined;
  const front = await startForwarding(server.url, redirecting(location));
  context.after(front.stop);
  for (let honest = 0; honest < 2; honest++) {
    const repository = open(`${front.url}app`);
    const asked = [
      () => repository.listBranches(signal()),
      () => repository.listRevisions(MAIN, { limit: 5 }, signal()),
      () => repository.resolve({ branch: MAIN, revision: id }, signal()),
      () => repository.openTree(id, signal()),
    ];
    for (const ask of asked) {
      honestAnswers = honest;
      await ask().then(
        (found) => assert.ok(honest > 0 && !JSON.stringify(found).includes('nobody')),
        (error) => assert.match(String(error), /redirects to another address/),
      );
    }
  }
  assert.deepEqual(await filesWith(mirrorsFolder, 'of this machine'), []);
});

test('while svn fetches, only a private file holds the password, and afterwards nothing does', async (context) => {
  const { server, open, id, mirrorsFolder } = await httpLab(context);
  const reached = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const front = await startForwarding(server.url, async ({ method }) => {
    if (method === 'REPORT') {
      reached.resolve();
      await goOn.promise;
    }
    return undefined;
  });
  context.after(front.stop);
  const opening = open(`${front.url}app`, CREDENTIALS).openTree(id, signal());
  await Promise.race([reached.promise, opening]);
  const mark = `SLIPWAY_SVN_FOLDER=${join(mirrorsFolder, '0')}`;
  const processes = await processesWith(mark);
  assert.ok(processes.length > 0, 'svn runs');
  assert.ok(!processes.some((text) => text.includes(USER.password) || text.includes(USER.name)));
  const [file, ...others] = await filesWith(mirrorsFolder, USER.password);
  assert.ok(file?.includes('/private.') && others.length === 0);
  goOn.resolve();
  assert.deepEqual(await contents(await opening), { a: 'content' });
  assert.deepEqual(await filesWith(mirrorsFolder, USER.password), []);
});

test('externals in the repository itself are fetched with its password', async (context) => {
  const { server, open, remote } = await httpLab(context);
  await remote.commit('shared', { lib: 'shared' });
  const externals = '^/shared root\n../shared up\n/app/shared server';
  const id = await remote.mucc(['propset', 'svn:externals', externals, 'trunk']);
  const tree = await open(`${server.url}app`, CREDENTIALS).openTree(id, signal());
  const expected = { a: 'content', 'root/lib': 'shared', 'server/lib': 'shared', 'up/lib': 'shared' };
  assert.deepEqual(await contents(tree), expected);
});

test('the password opens no other repository of the server, by an external or by one of an external', async (context) => {
  const { server, open, remote, folder } = await httpLab(context);
  await runTestSvn('svnadmin', ['create', join(folder, 'other')]);
  await runTestSvn('svnmucc', ['-m', 'm', '-U', `file://${join(folder, 'other')}`, 'mkdir', 'trunk']);
  const repository = open(`${server.url}app`, CREDENTIALS);
  const direct = await remote.mucc(['propset', 'svn:externals', '^/../other/trunk inner', 'trunk']);
  await refuses(repository.openTree(direct, signal()), 'unreadable', 'are for its own repository alone');
  await remote.mucc(['mkdir', 'shared']);
  await remote.mucc(['propset', 'svn:externals', `${server.url}other/trunk inner`, 'shared']);
  const nested = await remote.mucc(['propset', 'svn:externals', '^/shared outer', 'trunk']);
  await refuses(repository.openTree(nested, signal()), 'unreadable', 'another repository of the same server');
});

test('svn goes through the proxy that the server’s environment names, with its password, but where it is told not to', async (context) => {
  const { server, open, id } = await httpLab(context);
  const passed: Passing[] = [];
  const proxy = await startForwarding(server.url, async (passing) => {
    passed.push(passing);
    const isLetIn = passing.headers['proxy-authorization'] === `Basic ${btoa('us er:p@ss')}`;
    return isLetIn ? undefined : { status: 407, headers: { 'Proxy-Authenticate': 'Basic realm="proxy"' } };
  });
  context.after(proxy.stop);
  const through = proxy.url.replace('//', '//us%20er:p%40ss@');
  const away = open('http://svn.example.invalid/app', CREDENTIALS, { extraEnvironment: { http_proxy: through } });
  assert.deepEqual(await contents(await away.openTree(id, signal())), { a: 'content' });
  assert.ok(passed.every(({ url }) => url.startsWith('http://svn.example.invalid/')));
  passed.length = 0;
  const near = { http_proxy: through, no_proxy: 'example.com,127.0.0.1' };
  await open(`${server.url}app`, CREDENTIALS, { extraEnvironment: near }).listBranches(signal());
  assert.deepEqual(passed, []);
});

test('https goes through its own proxy', async (context) => {
  const lab = await makeSvnLab(context);
  await lab.remote.commit('trunk', { a: 'content' });
  const certificate = await makeCertificate(lab.folder, 'svn');
  const server = await startSvnHttp(lab.folder, { user: USER, certificate });
  context.after(server.stop);
  const passed: string[] = [];
  const proxy = await startForwarding(server.url, async ({ method, url }) => {
    passed.push(`${method} ${url}`);
    return undefined;
  });
  context.after(proxy.stop);
  const extraEnvironment = { https_proxy: proxy.url, http_proxy: 'http://127.0.0.1:9' };
  const options = { extraEnvironment, authoritiesFile: certificate.certFile };
  await lab.open(`${server.url}app`, CREDENTIALS, options).listBranches(signal());
  assert.ok(passed.length > 0);
  assert.ok(passed.every((one) => one === `CONNECT ${new URL(server.url).host}`));
});
