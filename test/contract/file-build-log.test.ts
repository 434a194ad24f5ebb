import assert from 'node:assert/strict';
import { mkdir, readdir, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import type { BuildLog } from '../../src/build-log/build-log.ts';
import { openFileBuildLog } from '../../src/build-log/file-build-log.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { ID, testBuildLog } from './build-log.ts';

const noon = Date.UTC(2026, 0, 31, 12);

testBuildLog('file build log', async (context) => ({
  log: await openFileBuildLog({
    folder: await temporaryFolder(context),
    clock: () => noon,
    mostBytes: 10_000,
    onError: (error) => {
      throw error;
    },
  }),
  // A log of files knows nothing of packages.
  deletePackage: async () => {},
}));

async function openReporting(context: TestContext, mostBytes = 10_000) {
  const folder = await temporaryFolder(context);
  const errors: unknown[] = [];
  const log = await openFileBuildLog({ folder, clock: () => noon, mostBytes, onError: (error) => errors.push(error) });
  return { folder, errors, log };
}

const readAll = async (log: BuildLog) => text(await log.read(ID, { start: 0, end: await log.size(ID) }));

test('a log that cannot be opened is reported once, and its lines are kept until it can', async (t) => {
  const { folder, errors, log } = await openReporting(t);
  await writeFile(join(folder, '4e'), 'a file where a folder should be');
  const writer = log.open(ID, 1);
  writer.line('first');
  await writer.flush();
  await writer.flush();
  assert.equal(errors.length, 1);
  await rm(join(folder, '4e'));
  writer.line('second');
  await writer.close();
  assert.match(await readAll(log), /first\n.*second\n$/);
});

test('a full disk is reported once, and the build goes on', async (t) => {
  const { folder, errors, log } = await openReporting(t);
  await mkdir(join(folder, '4e'));
  await symlink('/dev/full', join(folder, '4e', `${ID}.log`));
  const writer = log.open(ID, 1);
  for (const line of ['one', 'two', 'three']) {
    writer.line(line);
    await writer.flush();
  }
  await writer.close();
  assert.deepEqual(
    errors.map((error) => error instanceof Error && 'code' in error && error.code),
    ['ENOSPC'],
  );
});

test('lines that come faster than the disk takes them are dropped, and the log says how many', async (t) => {
  const { log } = await openReporting(t, 64 * 1024 * 1024);
  const writer = log.open(ID, 1);
  for (let count = 0; count < 1000; count += 1) writer.line(`${count} ${'x'.repeat(10_000)}`);
  await writer.flush();
  writer.line('later');
  await writer.close();
  const lines = (await readAll(log)).trimEnd().split('\n');
  assert.match(lines.at(-1) ?? '', /Z later$/);
  assert.match(lines.at(-2) ?? '', new RegExp(`Z … ${1000 - (lines.length - 2)} lines were dropped`));
  assert.ok(lines.length > 100 && lines.length < 600);
});

test('a log that was cut is not added to by a later attempt', async (t) => {
  const { log } = await openReporting(t);
  for (const attempt of [1, 2]) {
    const writer = log.open(ID, 1);
    for (let count = 0; count < 20; count += 1) writer.line(`${attempt} ${'ä'.repeat(500)}`);
    await writer.close();
  }
  const whole = await readAll(log);
  assert.equal(whole.match(/nothing more is kept/g)?.length, 1);
  assert.match(whole, /nothing more is kept\.\n$/);
});

test('neither writers nor followers leave files open', async (t) => {
  const { folder, log } = await openReporting(t);
  const writer = log.open(ID, 1);
  writer.line('one');
  await writer.flush();
  for await (const _ of log.follow(ID, 0, new AbortController().signal)) break;
  await writer.close();
  const files = (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => ''));
  assert.deepEqual(
    (await Promise.all(files)).filter((file) => file.startsWith(folder)),
    [],
  );
});
