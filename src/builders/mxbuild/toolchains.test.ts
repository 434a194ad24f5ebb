import assert from 'node:assert/strict';
import { access, constants, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { packMxbuildArchive } from '../../../test/support/mxbuild/archive.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { BuildFailure } from '../../domain/failure.ts';
import { type MendixVersion, parseMendixVersion } from '../../domain/mendix-version.ts';
import { archiveFile } from './archive-file.ts';
import { openToolchains } from './toolchains.ts';

const version = (text: string): MendixVersion => parseMendixVersion(text) ?? assert.fail(text);
const PATH = process.env.PATH ?? '';
const V10 = version('10.12.3.41523');
const MIB = 1024 * 1024;
const signal = () => new AbortController().signal;
const isMissing = (what: RegExp) => (error: unknown) =>
  error instanceof BuildFailure && error.code === 'toolchain-missing' && what.test(error.message);

async function setUp(t: TestContext) {
  const folder = await temporaryFolder(t);
  const archive = join(folder, `mxbuild-${V10}.tar.gz`);
  await packMxbuildArchive(archive);
  const kept = join(folder, 'toolchains');
  return { folder, archive, kept, toolchains: openToolchains({ folder: kept, path: PATH }) };
}

test('an archive that was added is found, listed by its number, and removed', async (t) => {
  const { archive, toolchains } = await setUp(t);
  assert.deepEqual(await toolchains.list(), []);
  assert.equal(await toolchains.find(V10), undefined);
  for (const added of ['9.24.0', V10, '10.2.0']) await toolchains.add(archiveFile(archive), version(added), signal());
  const folder = (await toolchains.find(V10)) ?? assert.fail();
  await access(join(folder, 'modeler', 'mxbuild'), constants.X_OK);
  const list = await toolchains.list();
  assert.deepEqual(
    list.map((toolchain) => toolchain.version),
    ['9.24.0', '10.2.0', V10],
  );
  assert.ok(list.every(({ sizeBytes }) => sizeBytes > 20));
  assert.equal(await toolchains.remove(V10), true);
  assert.equal(await toolchains.remove(V10), false);
  assert.equal(await toolchains.find(V10), undefined);
});

test('what is no MxBuild, or no whole one, leaves nothing', async (t) => {
  const { folder, archive, kept, toolchains } = await setUp(t);
  const whole = await readFile(archive);
  const refuses = async (bytes: string | Uint8Array, why: RegExp) => {
    const file = join(folder, 'made.tar.gz');
    await writeFile(file, bytes);
    await assert.rejects(toolchains.add(archiveFile(file), V10, signal()), isMissing(why));
    assert.deepEqual(await readdir(kept), []);
  };
  for (const text of ['', 'not an archive'])
    await refuses(text, /made\.tar\.gz cannot be unpacked: This does not look like a tar archive\.$/);
  await refuses(whole.subarray(0, 100), /cannot be unpacked: unexpected end of file\.$/);
  await refuses(gunzipSync(whole).subarray(0, 1030), /cannot be unpacked: Unexpected EOF in archive\.$/);
  const damaged = Buffer.from(whole);
  // Its checksum.
  damaged[whole.length - 8] = (damaged[whole.length - 8] ?? 0) ^ 1;
  await refuses(damaged, /cannot be unpacked: incorrect data check\.$/);
  const add = (path: string, of = signal()) => toolchains.add(archiveFile(path), V10, of);
  await assert.rejects(add(join(folder, 'none')), isMissing(/^There is no file .*\/none\.$/));
  await assert.rejects(add(folder), isMissing(/^There is no file /));
  await assert.rejects(add(archive, AbortSignal.abort(new Error('stop'))), /stop/);
  assert.deepEqual(await readdir(kept), []);
});

test('an MxBuild whose program is for another system, or of another time, is refused', async (t) => {
  const { archive, toolchains } = await setUp(t);
  await assert.rejects(
    toolchains.add(archiveFile(archive), version('8.18.0.1'), signal()),
    isMissing(/is no archive of MxBuild 8\.18\.0\.1: it has no 'modeler\/mxbuild\.exe'\.$/),
  );
});

test('an archive is not unpacked further than an MxBuild may be large, however small it is', async (t) => {
  const { folder, kept } = await setUp(t);
  const bomb = join(folder, 'bomb.tar.gz');
  await packMxbuildArchive(bomb, '\0'.repeat(16 * MIB));
  const plain = join(folder, 'plain.tar');
  await writeFile(plain, gunzipSync(await readFile(bomb)));
  assert.ok((await stat(bomb)).size < MIB / 10);
  const toolchains = openToolchains({ folder: kept, path: PATH, mostBytes: MIB });
  for (const file of [bomb, plain]) {
    await assert.rejects(
      toolchains.add(archiveFile(file), V10, signal()),
      isMissing(/ is no archive of MxBuild: what is in it is larger than 1048576 bytes\.$/),
    );
    assert.deepEqual(await readdir(kept), []);
  }
  await openToolchains({ folder: kept, path: PATH, mostBytes: 17 * MIB }).add(archiveFile(bomb), V10, signal());
});

test("where 'tar' is missing, it is said how to get it", async (t) => {
  const { folder, archive, kept } = await setUp(t);
  const toolchains = openToolchains({ folder: kept, path: join(folder, 'no-programs') });
  await assert.rejects(
    toolchains.add(archiveFile(archive), V10, signal()),
    isMissing(/^An MxBuild is unpacked with 'tar', which is not found: 'apt-get install tar'\.$/),
  );
  assert.deepEqual(await readdir(kept), []);
});

test('what was left half unpacked is no version, and is swept', async (t) => {
  const { kept, toolchains } = await setUp(t);
  await mkdir(join(kept, '.new-1', 'modeler'), { recursive: true });
  await mkdir(join(kept, V10), { recursive: true });
  assert.equal(await toolchains.find(V10), undefined);
  await toolchains.sweep();
  assert.deepEqual(await readdir(kept), [V10]);
});
