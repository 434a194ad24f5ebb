import assert from 'node:assert/strict';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { checkSandbox } from './check-sandbox.ts';

test('a sandbox that works is fine, one that is missing comes with advice, and none at all is worth a note', async () => {
  assert.equal((await checkSandbox('auto', process.env.PATH ?? '')).state, 'ok');
  const absent = await checkSandbox('auto', '/nowhere');
  assert.equal(absent.state, 'note');
  assert.match(absent.advice ?? '', /apt-get install bubblewrap/);
  assert.match((await checkSandbox('none', '/nowhere')).advice ?? '', /everything that Slipway may/);
});

test('a container engine that is missing or does not answer comes with advice', async (t) => {
  const settings = { program: undefined, image: undefined, network: undefined, pull: 'never', owner: 'test' } as const;
  const absent = await checkSandbox('container', '/nowhere', { ...settings, environment: {} });
  assert.deepEqual([absent.name, absent.state], ['container', 'note']);
  assert.match(absent.advice ?? '', /neither 'podman' nor 'docker' is found.*apt-get install podman/);
  const folder = await temporaryFolder(t);
  const program = join(folder, 'docker');
  await writeFile(
    program,
    '#!/bin/sh\n[ "$1" = --version ] && exec echo Docker version 28.2.2\necho no daemon >&2; exit 1\n',
  );
  await chmod(program, 0o755);
  const silent = await checkSandbox('container', '', { ...settings, program, environment: {} });
  assert.match(silent.advice ?? '', /does not answer: no daemon\.$/);
  await writeFile(program, '#!/nowhere/sh\n');
  const broken = await checkSandbox('container', '', { ...settings, program, environment: {} });
  assert.match(broken.advice ?? '', /does not answer: .*ENOENT/);
});
