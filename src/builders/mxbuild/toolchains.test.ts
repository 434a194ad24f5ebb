import assert from 'node:assert/strict';
import { access, constants, mkdir, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { packMxbuildArchive } from '../../../test/support/mxbuild/archive.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { BuildFailure } from '../../domain/failure.ts';
import { type MendixVersion, parseMendixVersion } from '../../domain/mendix-version.ts';
import { toolchainSource } from './obtain-toolchain.ts';
import { openToolchains } from './toolchains.ts';

const version = (text: string): MendixVersion => parseMendixVersion(text) ?? assert.fail(text);
const V10 = version('10.12.3.41523');
const signal = () => new AbortController().signal;
const isMissing = (what: RegExp) => (error: unknown) =>
  error instanceof BuildFailure && error.code === 'toolchain-missing' && what.test(error.message);

async function setUp(t: TestContext) {
  const folder = await temporaryFolder(t);
  const archive = join(folder, `mxbuild-${V10}.tar.gz`);
  await packMxbuildArchive(archive);
  const kept = join(folder, 'toolchains');
  return { folder, archive, kept, toolchains: openToolchains(kept) };
}

test('an archive that was added is found, listed by its number, and removed', async (t) => {
  const { archive, toolchains } = await setUp(t);
  assert.deepEqual(await toolchains.list(), []);
  assert.equal(await toolchains.find(V10), undefined);
  for (const added of ['9.24.0', V10, '10.2.0']) await toolchains.add(archive, version(added), signal());
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

test('what is no MxBuild leaves nothing', async (t) => {
  const { folder, archive, kept, toolchains } = await setUp(t);
  const text = join(folder, 'text.tar.gz');
  await writeFile(text, 'not an archive');
  await assert.rejects(toolchains.add(text, V10, signal()), isMissing(/text\.tar\.gz cannot be unpacked/));
  await truncate(archive, 100);
  await assert.rejects(toolchains.add(archive, V10, signal()), isMissing(/cannot be unpacked/));
  await assert.rejects(toolchains.add(join(folder, 'no:such'), V10, signal()), isMissing(/No such file/));
  await assert.rejects(toolchains.add(archive, V10, AbortSignal.abort(new Error('stop'))), /stop/);
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

test('builds that need a version at once share one download of it', async (t) => {
  const { folder, archive, toolchains } = await setUp(t);
  const asked: string[] = [];
  const server = createServer(async (request, response) => {
    asked.push(request.url ?? '');
    response.end(await readFile(archive));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  t.after(() => server.close());
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const mirror = `http://127.0.0.1:${port}/mxbuild-{version}.tar.gz`;
  const obtain = toolchainSource({ toolchains, mirror, folder: join(folder, 'tmp') });
  const lines: string[] = [];
  const report = (line: string) => lines.push(line);
  const canceled = new AbortController();
  const first = obtain(V10, report, canceled.signal);
  const others = [obtain(V10, report, signal()), obtain(V10, report, signal())];
  canceled.abort(new Error('canceled'));
  await assert.rejects(first, /canceled/);
  const found = await Promise.all(others);
  assert.deepEqual(new Set(found), new Set([await toolchains.find(V10)]));
  assert.deepEqual(asked, [`/mxbuild-${V10}.tar.gz`]);
  assert.match(lines[0] ?? '', /^Fetching MxBuild 10\.12\.3\.41523 from http/);
  assert.deepEqual(await readdir(join(folder, 'tmp')), []);
});

test('a version that is nowhere is said to be missing, with the command that mends it', async (t) => {
  const { folder, toolchains } = await setUp(t);
  const command = /slipway toolchain add mxbuild-10\.12\.3\.41523\.tar\.gz/;
  for (const mirror of [undefined, join(folder, 'none', '{version}.tar.gz'), 'http://127.0.0.1:1/{version}']) {
    const obtain = toolchainSource({ toolchains, mirror, folder: join(folder, 'tmp') });
    await assert.rejects(
      obtain(V10, () => undefined, signal()),
      isMissing(command),
    );
  }
});

test('a folder of archives is a mirror as well', async (t) => {
  const { folder, toolchains } = await setUp(t);
  const mirror = join(folder, 'mxbuild-{version}.tar.gz');
  const obtain = toolchainSource({ toolchains, mirror, folder: join(folder, 'tmp') });
  assert.equal(await obtain(V10, () => undefined, signal()), await toolchains.find(V10));
});
