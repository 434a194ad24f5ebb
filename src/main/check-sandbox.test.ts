import assert from 'node:assert/strict';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { checkSandbox } from './check-sandbox.ts';

test('a sandbox that works is fine, one that is missing comes with advice, and none at all is worth a note', async () => {
  const works = await checkSandbox('auto', process.env.PATH ?? '');
  assert.deepEqual(
    works.map(({ name, state }) => `${name}: ${state}`),
    ['bubblewrap: ok', 'build network: ok'],
  );
  const [absent] = await checkSandbox('auto', '/nowhere');
  assert.equal(absent?.state, 'note');
  assert.match(absent?.advice ?? '', /apt-get install bubblewrap/);
  const [none] = await checkSandbox('none', '/nowhere');
  assert.match(none?.advice ?? '', /everything that Slipway may/);
});

test('where only the network is missing, the advice names the package', async (t) => {
  const folder = await temporaryFolder(t);
  for (const program of ['bwrap', 'prlimit']) await symlink(`/usr/bin/${program}`, join(folder, program));
  const [sandbox, network] = await checkSandbox('auto', folder);
  assert.equal(sandbox?.state, 'ok', sandbox?.advice);
  assert.equal(network?.state, 'note');
  assert.match(network?.advice ?? '', /apt-get install slirp4netns/);
});
