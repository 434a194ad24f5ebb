import assert from 'node:assert/strict';
import { chmod, symlink, writeFile } from 'node:fs/promises';
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

test('a container engine that is missing or does not answer comes with advice', async (t) => {
  const settings = { program: undefined, image: undefined, network: undefined, pull: 'never', owner: 'test' } as const;
  const [absent] = await checkSandbox('container', '/nowhere', { ...settings, environment: {} });
  assert.deepEqual([absent?.name, absent?.state], ['container', 'note']);
  assert.match(absent?.advice ?? '', /neither 'podman' nor 'docker' is found.*apt-get install podman/);
  const folder = await temporaryFolder(t);
  const program = join(folder, 'docker');
  await writeFile(
    program,
    '#!/bin/sh\n[ "$1" = --version ] && exec echo Docker version 28.2.2\necho no daemon >&2; exit 1\n',
  );
  await chmod(program, 0o755);
  const [silent] = await checkSandbox('container', '', { ...settings, program, environment: {} });
  assert.match(silent?.advice ?? '', /does not answer: no daemon\.$/);
  await writeFile(program, '#!/nowhere/sh\n');
  const [broken] = await checkSandbox('container', '', { ...settings, program, environment: {} });
  assert.match(broken?.advice ?? '', /does not answer: .*ENOENT/);
});
