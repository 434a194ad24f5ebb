import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { findRepositoryKind } from './find-repository-kind.ts';

const never = new AbortController().signal;

test('a scheme tells the kind where only one has it', async () => {
  for (const address of ['svn://host/app', 'SVN+SSH://host/app']) {
    assert.equal(await findRepositoryKind(address, never), 'svn', address);
  }
  for (const address of [
    'git@host:app',
    'ssh://host/app',
    'git://host/app',
    'https://host.invalid/app.git',
    '/nowhere',
  ]) {
    assert.equal(await findRepositoryKind(address, never), 'git', address);
  }
});

test('over http the server is asked, with the password of the address; Git where it does not say', async (context) => {
  const server = createServer(({ method, headers }, response) => {
    const isIn = headers.authorization === `Basic ${btoa('us er:p@ss')}`;
    if (isIn && method === 'OPTIONS') response.setHeader('DAV', 'http://subversion.tigris.org/xmlns/dav/svn/depth');
    response.writeHead(isIn ? 200 : 401).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => server.close());
  const address = server.address();
  const host = `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  assert.equal(await findRepositoryKind(`http://us%20er:p%40ss@${host}/app`, never), 'svn');
  assert.equal(await findRepositoryKind(`http://${host}/app`, never), 'git');
  assert.equal(await findRepositoryKind(`http://${host}/app`, AbortSignal.abort()), 'git');
});
