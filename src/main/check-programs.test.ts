import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkGit, checkGitLfs, checkNode, checkSvn, isAtLeast } from './check-programs.ts';

test('versions are compared as numbers', () => {
  assert.ok(isAtLeast('2.40', '2.36.0'));
  assert.ok(isAtLeast('10.0.0', '9.9.9'));
  assert.ok(!isAtLeast('2.9.5', '2.36.0'));
});

test('an old Node is missing, a new one is fine', () => {
  assert.equal(checkNode('22.19.0').state, 'missing');
  assert.equal(checkNode('26.0.0').state, 'ok');
});

test('git is found on the path it is given, and its absence comes with advice', async () => {
  assert.equal((await checkGit(process.env.PATH ?? '')).state, 'ok');
  const absent = await checkGit('/nowhere');
  assert.equal(absent.state, 'missing');
  assert.match(absent.advice ?? '', /apt-get install git/);
  assert.equal((await checkGitLfs('/nowhere')).state, 'note');
});

test('svn is found on the path it is given, and its absence is no more than a note', async () => {
  assert.equal((await checkSvn(process.env.PATH ?? '')).state, 'ok');
  const absent = await checkSvn('/nowhere');
  assert.equal(absent.state, 'note');
  assert.match(absent.advice ?? '', /apt-get install subversion/);
});
