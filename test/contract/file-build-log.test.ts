import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { openFileBuildLog } from '../../src/build-log/file-build-log.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { testBuildLog } from './build-log.ts';

const noon = Date.UTC(2026, 0, 31, 12);

testBuildLog('file build log', async (context) =>
  openFileBuildLog({
    folder: await temporaryFolder(context),
    clock: () => noon,
    mostBytes: 10_000,
    onError: (error) => {
      throw error;
    },
  }),
);

test('a log that cannot be written is reported, and the build goes on', async (t) => {
  const folder = await temporaryFolder(t);
  const errors: unknown[] = [];
  const log = await openFileBuildLog({
    folder,
    clock: () => noon,
    mostBytes: 10_000,
    onError: (error) => errors.push(error),
  });
  await writeFile(join(folder, '4e'), 'a file where a folder should be');
  const writer = log.open('4ee10492-6cfc-4582-b825-a9040c0988ad');
  writer.line('lost');
  await writer.close();
  assert.equal(errors.length, 1);
});
