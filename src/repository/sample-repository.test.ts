import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { RepositoryError } from './repository.ts';
import { makeSampleRepository } from './sample-repository.ts';

const environment = { path: process.env.PATH ?? '', home: '/nonexistent' };
const { signal } = new AbortController();

test('the sample repository is the same every time, with a main line, a branch and a history', async (context) => {
  const path = join(await temporaryFolder(context), 'demo', 'calc.git');
  const first = await makeSampleRepository(path, environment, signal);
  assert.deepEqual(await makeSampleRepository(path, environment, signal), first);
  const other = join(await temporaryFolder(context), 'calc.git');
  assert.deepEqual(await makeSampleRepository(other, environment, signal), first);
  const git = async (...args: string[]) => (await promisify(execFile)('git', ['-C', path, ...args])).stdout.trim();
  assert.equal(await git('symbolic-ref', 'HEAD'), 'refs/heads/main');
  assert.equal(await git('rev-list', '--count', 'main'), '4');
  assert.equal(await git('rev-list', '--count', 'feature'), '5');
  assert.equal(await git('merge-base', 'main', 'feature'), await git('rev-parse', 'main~1'));
  assert.equal(await git('fsck', '--strict'), '');
  assert.deepEqual(await readdir(dirname(path)), ['calc.git']);
});

test('without git, the sample repository cannot be made, and nothing is left behind', async (context) => {
  const folder = await temporaryFolder(context);
  const making = makeSampleRepository(join(folder, 'calc.git'), { ...environment, path: '/nowhere' }, signal);
  await assert.rejects(making, RepositoryError);
  assert.deepEqual(await readdir(folder), []);
});
