import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { makeTestRepository } from '../../test/support/git.ts';
import { startGitHttp } from '../../test/support/git-servers.ts';
import { makeSvnRepository } from '../../test/support/svn.ts';
import { startSvnHttp } from '../../test/support/svn-http-server.ts';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { openRepositories } from './repositories.ts';

const soon = () => AbortSignal.timeout(60_000);
const USER = { name: 'us er', password: 'p@ss' };
const CREDENTIALS = { kind: 'password', username: USER.name, password: USER.password } as const;

async function setUp(context: TestContext) {
  const folder = await temporaryFolder(context);
  const path = process.env.PATH ?? '';
  const repositories = openRepositories({ mirrorsFolder: join(folder, 'mirrors'), path, home: folder });
  context.after(() => repositories.closeAll());
  return { folder, find: repositories.findKind };
}

test('a scheme tells the kind where only one has it', async (context) => {
  const { find } = await setUp(context);
  for (const address of ['svn://host/app', 'SVN+SSH://host/app']) {
    assert.equal(await find({ address }, soon()), 'svn', address);
  }
  const git = ['git@host:app', 'ssh://host/app', 'git://host/app', 'https://host.invalid/app.git', '/nowhere'];
  for (const address of git) assert.equal(await find({ address }, soon()), 'git', address);
});

test('over http the server is asked, with credentials where it wants some; without them it is hidden', async (context) => {
  const { folder, find } = await setUp(context);
  await makeSvnRepository(join(folder, 'svn'));
  await makeTestRepository(join(folder, 'git'));
  const servers = [
    ['svn', await startSvnHttp(folder, { user: USER })],
    ['git', await startGitHttp(folder, USER)],
  ] as const;
  for (const [kind, { url, stop }] of servers) {
    context.after(stop);
    const address = `${url}${kind}`;
    assert.equal(await find({ address, credentials: CREDENTIALS }, soon()), kind);
    assert.equal(await find({ address: address.replace('//', '//us%20er:p%40ss@') }, soon()), kind);
    assert.equal(await find({ address }, soon()), 'hidden');
    assert.equal(await find({ address: address.replace('//', '//us%20er:wrong@') }, soon()), 'hidden');
  }
});

test('a server that lets everybody in says what it has; one that cannot be asked is taken for Git', async (context) => {
  const { folder, find } = await setUp(context);
  await makeSvnRepository(join(folder, 'svn'));
  const server = await startSvnHttp(folder);
  context.after(server.stop);
  assert.equal(await find({ address: `${server.url}svn` }, soon()), 'svn');
  assert.equal(await find({ address: `${server.url}nothing` }, soon()), 'git');
  assert.equal(await find({ address: `${server.url}svn` }, AbortSignal.abort()), 'git');
});
