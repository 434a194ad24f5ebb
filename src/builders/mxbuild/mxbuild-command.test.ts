import assert from 'node:assert/strict';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import type { MendixVersion } from '../../domain/mendix-version.ts';
import { findMissingMono, mxbuildCommand } from './mxbuild-command.ts';

const LAST_ON_MONO = '9.21.0.1' as MendixVersion;
const FIRST_NATIVE = '9.22.0.1' as MendixVersion;

test('MxBuild runs on Mono before 9.22, and by itself from then on', () => {
  const places = { toolchain: '/mxbuild', javaHome: '/jdk', commandPath: '/bin' };
  const java = ['--java-home=/jdk', '--java-exe-path=/jdk/bin/java'];
  assert.deepEqual(mxbuildCommand({ ...places, mendixVersion: LAST_ON_MONO }), [
    'mono',
    '/mxbuild/modeler/mxbuild.exe',
    ...java,
  ]);
  assert.deepEqual(mxbuildCommand({ ...places, mendixVersion: FIRST_NATIVE }), ['/mxbuild/modeler/mxbuild', ...java]);
});

test('where Mono is needed and not there, it is said how to get it', async (t) => {
  const folder = await temporaryFolder(t);
  assert.equal(
    await findMissingMono([LAST_ON_MONO, FIRST_NATIVE], folder),
    "MxBuild 9.21.0.1 runs on 'mono', which is not found: 'apt-get install mono-complete'.",
  );
  assert.equal(await findMissingMono([FIRST_NATIVE], folder), undefined);
  await symlink(process.execPath, join(folder, 'mono'));
  assert.equal(await findMissingMono([LAST_ON_MONO], folder), undefined);
});
