import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { RepositoryError } from '../repository.ts';
import { makeGitSample } from './git-sample.ts';
import { makeSvnSample } from './svn-sample.ts';

const environment = { path: process.env.PATH ?? '', home: '/nonexistent' };
const { signal } = new AbortController();

test('the sample repository for Git is the same every time, with a main line, a branch and a history', async (context) => {
  const path = join(await temporaryFolder(context), 'demo', 'calc.git');
  const first = await makeGitSample(path, environment, signal);
  assert.deepEqual(await makeGitSample(path, environment, signal), first);
  const other = join(await temporaryFolder(context), 'calc.git');
  assert.deepEqual(await makeGitSample(other, environment, signal), { ...first, path: other });
  const git = (...args: string[]) => run('git', ['-C', path, ...args]);
  assert.equal(await git('symbolic-ref', 'HEAD'), 'refs/heads/main');
  assert.equal(await git('rev-list', '--count', 'main'), '4');
  assert.equal(await git('rev-list', '--count', 'feature'), '5');
  assert.equal(await git('merge-base', 'main', 'feature'), await git('rev-parse', 'main~1'));
  assert.equal(await git('fsck', '--strict'), '');
  assert.deepEqual(await readdir(dirname(path)), ['calc.git']);
});

test('the sample repository for Subversion has the same history, and the usual folders', async (context) => {
  const path = join(await temporaryFolder(context), 'demo', 'legacy');
  const made = await makeSvnSample(path, environment, signal);
  assert.deepEqual(await makeSvnSample(path, environment, signal), made);
  const url = pathToFileURL(path).href;
  const svn = (...args: string[]) => run('svn', [...args, '--non-interactive']);
  assert.equal(await svn('list', url), 'branches/\ntags/\ntrunk/');
  const log = await svn('log', '--quiet', url);
  assert.match(log, /^r7 \| Ada Smit <ada\.smit@example\.com> \| 2026-01-01/m);
  assert.deepEqual([made.mainRevision, made.featureRevision], ['6', '7']);
  assert.match(await svn('cat', `${url}/trunk/README.md@6`), /in two languages/);
  assert.match(await svn('list', '--recursive', `${url}/branches/feature@7`), /^model\/scientific\.json$/m);
  assert.doesNotMatch(await svn('cat', `${url}/branches/feature/README.md@7`), /in two languages/);
  assert.match(await run('svnadmin', ['verify', '--quiet', path]), /^$/);
  assert.deepEqual(await readdir(dirname(path)), ['legacy']);
});

for (const make of [makeGitSample, makeSvnSample]) {
  test(`without its program, ${make.name} makes nothing and leaves nothing behind`, async (context) => {
    const folder = await temporaryFolder(context);
    const making = make(join(folder, 'calc'), { ...environment, path: '/nowhere' }, signal);
    await assert.rejects(making, RepositoryError);
    assert.deepEqual(await readdir(folder), []);
  });
}

async function run(program: string, args: readonly string[]): Promise<string> {
  return (await promisify(execFile)(program, [...args])).stdout.trim();
}
