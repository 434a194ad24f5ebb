import assert from 'node:assert/strict';
import { readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { packMxbuildArchive } from '../support/mxbuild/archive.ts';
import { runSlipway } from '../support/run-slipway.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const VERSION = '10.12.3.41523';
const ARCHIVE = `mxbuild-${VERSION}.tar.gz`;

/** A folder with an archive in it, and what runs `slipway toolchain` there on a data folder `data`. */
async function setUp(t: TestContext) {
  const folder = await temporaryFolder(t);
  await packMxbuildArchive(join(folder, ARCHIVE));
  const kept = join(folder, 'data', 'toolchains', 'mxbuild');
  const toolchain = (args: readonly string[], variables = {}) =>
    runSlipway(t, folder, ['toolchain', ...args, '--data', 'data'], variables);
  return {
    folder,
    kept,
    toolchain,
    async refuses(args: readonly string[], code: number, errorCode: string, message: RegExp, variables = {}) {
      const { stdout, stderr, ...ended } = await toolchain([...args, '--json'], variables);
      assert.deepEqual([ended.code, stdout], [code, ''], stderr);
      const { errorMessage, ...others } = JSON.parse(stderr);
      assert.match(errorMessage, message);
      assert.deepEqual(others, { errorCode, exitCode: code });
    },
  };
}

test('an MxBuild is added, stays when it is added again, is listed and removed', async (t) => {
  const { kept, toolchain } = await setUp(t);
  const none = await toolchain(['list']);
  assert.match(
    none.stdout,
    /^There is no MxBuild\. Add one with 'slipway toolchain add mxbuild-<version>\.tar\.gz'\.\n$/,
  );
  assert.deepEqual(JSON.parse((await toolchain(['list', '--json'])).stdout), []);

  const added = await toolchain(['add', ARCHIVE]);
  const Folder = join(kept, VERSION);
  assert.deepEqual(added, { code: 0, stdout: `Added MxBuild ${VERSION} in ${Folder}.\n`, stderr: '' });
  const again = await toolchain(['add', ARCHIVE]);
  assert.deepEqual(again, {
    code: 0,
    stdout: `MxBuild ${VERSION} is in ${Folder} already, and stays as it is.\n`,
    stderr: '',
  });
  const other = await toolchain(['add', ARCHIVE, '--mendix', '9.24.0.2965', '--json']);
  assert.deepEqual(JSON.parse(other.stdout), { Version: '9.24.0.2965', Folder: join(kept, '9.24.0.2965') });

  const list = await toolchain(['list']);
  assert.match(list.stdout, /^VERSION +SIZE\n9\.24\.0\.2965 +\d+ B\n10\.12\.3\.41523 +\d+ B\n$/);
  const wire: readonly { Version: string; Size: number }[] = JSON.parse((await toolchain(['list', '--json'])).stdout);
  assert.deepEqual(
    wire.map(({ Version, Size }) => [Version, Size > 20]),
    [
      ['9.24.0.2965', true],
      [VERSION, true],
    ],
  );

  assert.equal((await toolchain(['remove', '9.24.0.2965'])).stdout, 'Removed MxBuild 9.24.0.2965.\n');
  assert.deepEqual(JSON.parse((await toolchain(['remove', VERSION, '--json'])).stdout), { Version: VERSION });
  const gone = await toolchain(['remove', VERSION]);
  assert.deepEqual(gone, { code: 4, stdout: '', stderr: `There is no MxBuild ${VERSION} here.\n` });
  assert.deepEqual(await readdir(kept), []);
});

test('what cannot be added is refused, and leaves nothing', async (t) => {
  const { folder, kept, refuses } = await setUp(t);
  await writeFile(join(folder, 'mxbuild-10.1.0.1.tar.gz'), 'no archive');
  const unpacked = /mxbuild-10\.1\.0\.1\.tar\.gz cannot be unpacked: This does not look like a tar archive\.$/;
  await refuses(['add', 'mxbuild-10.1.0.1.tar.gz'], 8, 'NO_MXBUILD', unpacked);
  await refuses(
    ['add', 'mxbuild-10.2.0.1.tar.gz'],
    8,
    'NO_MXBUILD',
    /^There is no file .*mxbuild-10\.2\.0\.1\.tar\.gz\.$/,
  );
  const old = /is no archive of MxBuild 8\.18\.0\.1: it has no 'modeler\/mxbuild\.exe'\.$/;
  await refuses(['add', ARCHIVE, '--mendix', '8.18.0.1'], 8, 'NO_MXBUILD', old);
  const noTar = /^An MxBuild is unpacked with 'tar', which is not found: 'apt-get install tar'\.$/;
  await refuses(['add', ARCHIVE], 8, 'NO_MXBUILD', noTar, { PATH: folder });
  assert.deepEqual(await readdir(kept), []);
});

test('a version that is none, or is not here, is refused', async (t) => {
  const { folder, refuses } = await setUp(t);
  const none = /^'latest' is no version of Mendix: name one such as 10\.12\.3\.41523\.$/;
  await rename(join(folder, ARCHIVE), join(folder, 'mxbuild-latest.tar.gz'));
  await refuses(['add', 'mxbuild-latest.tar.gz'], 2, 'NO_VERSION', none);
  await refuses(['remove', 'latest'], 2, 'NO_VERSION', none);
  await refuses(['remove', '../../admin.key'], 2, 'NO_VERSION', /^'\.\.\/\.\.\/admin\.key' is no version of Mendix/);
  await refuses(['remove', VERSION], 4, 'NO_TOOLCHAIN', /^There is no MxBuild 10\.12\.3\.41523 here\.$/);
});
