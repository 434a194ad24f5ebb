import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { DeploymentFailure } from '../../src/deployment/deployment-target.ts';
import { type DirectoryWorld, openDirectoryWorld } from '../support/directory-world.ts';
import { type CraftedMember, craftZip } from '../support/make-zip.ts';

const { signal } = new AbortController();
const LINK = 0o120777;

const failing = (words: RegExp, code?: string) => (error: unknown) =>
  error instanceof DeploymentFailure && error.code === code && words.test(error.message);

async function transport(world: DirectoryWorld, content: Parameters<DirectoryWorld['addPackage']>[0], mode = 'Test') {
  const given = await world.addPackage(content);
  await world.target.transport(world.environment(mode), given, signal);
  return join(world.folder(mode), 'releases', given.id);
}

test('a package is unpacked with its folders, links and executables, and no other mode of its files', async (t) => {
  const world = await openDirectoryWorld(t);
  const release = await transport(
    world,
    craftZip([
      { name: 'bin/', mode: 0o040777 },
      { name: 'bin/run', content: '#!/bin/sh', mode: 0o106777 },
      { name: 'a/b/secret.txt', content: 'text', mode: 0o100000 },
      { name: 'a/link', content: '../bin/run', mode: LINK },
      { name: 'empty/', mode: 0o040000 },
    ]),
  );
  const modeOf = async (path: string) => ((await stat(join(release, path))).mode & 0o7777).toString(8);
  const modes = await Promise.all(['.', 'bin', 'bin/run', 'a/b/secret.txt', 'empty'].map(modeOf));
  assert.deepEqual(modes, ['755', '755', '755', '644', '755']);
  assert.equal(await readFile(join(release, 'a/b/secret.txt'), 'utf8'), 'text');
  assert.equal(await readlink(join(release, 'a/link')), '../bin/run');
});

const HOSTILE: Readonly<Record<string, readonly CraftedMember[]>> = {
  'a name that leads out': [{ name: '../../escaped', content: 'x' }],
  'an absolute name': [{ name: '/tmp/escaped', content: 'x' }],
  'a link that leads out': [{ name: 'out', content: '../../../escaped', mode: LINK }],
  'a link that leads out through another one': [
    { name: 'here', content: '.', mode: LINK },
    { name: 'out', content: 'here/..', mode: LINK },
  ],
  'a file below a link': [
    { name: 'out', content: '..', mode: LINK },
    { name: 'out/escaped', content: 'x' },
  ],
  'a device': [{ name: 'null', mode: 0o020666 }],
  'more content than it says': [{ name: 'bomb', content: Buffer.alloc(1_000_000), sizeBytes: 10 }],
  'more content than any disk has': [
    { name: 'good.txt', content: 'good' },
    { name: 'bomb', content: 'x', sizeBytes: 2 ** 44, isZip64: true },
  ],
};

for (const [what, members] of Object.entries(HOSTILE)) {
  test(`a package with ${what} is refused, and leaves nothing behind`, async (t) => {
    const world = await openDirectoryWorld(t);
    await assert.rejects(
      transport(world, craftZip(members)),
      failing(/^the package cannot be read/, 'PACKAGE_PARSE_FAILED'),
    );
    assert.deepEqual(await readdir(join(world.folder('Test'), 'releases')), []);
    assert.deepEqual(await readdir(world.allowed), ['Test']);
  });
}

test('what is no zip is refused', async (t) => {
  const world = await openDirectoryWorld(t);
  const refused = failing(/no zip/, 'PACKAGE_PARSE_FAILED');
  await assert.rejects(transport(world, Buffer.from('a tarball, perhaps')), refused);
});

test('a folder that leads out of those that are allowed is refused, before anything is made there', async (t) => {
  const world = await openDirectoryWorld(t);
  const elsewhere = join(world.allowed, '..', 'elsewhere');
  await mkdir(elsewhere);
  await symlink(elsewhere, join(world.allowed, 'way'));
  await assert.rejects(
    transport(world, { a: 'x' }, 'way/calc'),
    failing(/lies below no folder of SLIPWAY_DEPLOY_FOLDERS/),
  );
  await assert.rejects(transport(world, { a: 'x' }, 'way'), failing(/which is '.*elsewhere' really/));
  assert.deepEqual(await readdir(elsewhere), []);
});

test('an allowed folder that is not there is named, and not made', async (t) => {
  const world = await openDirectoryWorld(t);
  await rm(world.allowed, { recursive: true });
  await assert.rejects(transport(world, { a: 'x' }), failing(/^'.*' of SLIPWAY_DEPLOY_FOLDERS is not there/));
  await assert.rejects(stat(world.allowed), { code: 'ENOENT' });
});

test('two environments do not share a folder, nor does one lie in that of another', async (t) => {
  const world = await openDirectoryWorld(t);
  await transport(world, { a: 'x' });
  await assert.rejects(transport(world, { a: 'x' }), failing(/folder of another environment: give each one/));
  await assert.rejects(
    transport(world, { a: 'x' }, 'Test/deeper'),
    failing(/the folder of another environment: choose/),
  );
  const first = world.environment('Shared');
  const second = world.environment('Shared');
  const given = await world.addPackage({ a: 'x' });
  await world.target.transport(first, given, signal);
  await world.target.remove(second, signal);
  await world.target.start(first, { id: randomUUID(), package: given, autoSyncDb: false, settings: NONE }, signal);
  await world.target.stop(second, signal);
  assert.equal(await world.findRunning('Shared'), given.id);
  await world.target.stop(first, signal);
  await world.target.remove(first, signal);
  await world.target.transport(second, given, signal);
});

const NONE = { constants: {}, customSettings: {}, scheduledEvents: {} };

test('removing an environment takes what it made, and nothing else', async (t) => {
  const world = await openDirectoryWorld(t);
  const environment = world.environment('Test', { start: '', stop: '' });
  const given = await world.addPackage({ a: 'x' });
  await mkdir(join(world.folder('Test'), 'releases', 'mine'), { recursive: true });
  await writeFile(join(world.folder('Test'), 'data.db'), 'data');
  await world.target.transport(environment, given, signal);
  await world.target.start(
    environment,
    { id: randomUUID(), package: given, autoSyncDb: false, settings: NONE },
    signal,
  );
  await world.target.stop(environment, signal);
  await world.target.remove(environment, signal);
  assert.deepEqual((await readdir(world.folder('Test'))).toSorted(), ['data.db', 'releases']);
  assert.deepEqual(await readdir(join(world.folder('Test'), 'releases')), ['mine']);
});

test('what has the name of the link and is none of Slipway is neither replaced nor removed', async (t) => {
  const world = await openDirectoryWorld(t);
  const environment = world.environment('Test', { start: '', stop: '' });
  const given = await world.addPackage({ a: 'x' });
  await world.target.transport(environment, given, signal);
  await mkdir(join(world.folder('Test'), 'current'));
  const start = () =>
    world.target.start(environment, { id: randomUUID(), package: given, autoSyncDb: false, settings: NONE }, signal);
  await assert.rejects(start(), failing(/current' is not the link that leads to a release: move it away/));
  await world.target.remove(environment, signal);
  assert.deepEqual(await readdir(world.folder('Test')), ['current']);
});
