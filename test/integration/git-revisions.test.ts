import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { it } from 'node:test';
import { parseBranch } from '../../src/domain/branch-name.ts';
import type { Repository } from '../../src/repository/repository.ts';
import { contents, createTag, refuses, signal } from '../contract/repository.ts';
import type { TestCommit, TestRepository } from '../support/git.ts';
import { makeGitLab } from '../support/git-lab.ts';

const find = (repository: Repository, revision: string, branch?: string) =>
  repository.resolve({ branch: parseBranch(branch), revision }, signal());

const linear = (count: number, branch = 'master'): TestCommit[] =>
  Array.from({ length: count }, (_, at) => ({ branch, files: { 'a.txt': `${at}` } }));

it('numbers 5,000 commits with merges as rev-list counts them, and leads each number back', async (test) => {
  const lab = await makeGitLab(test);
  const remote = await lab.remote('app');
  await remote.commit(historyWithMerges(5_000));
  const repository = lab.open(remote.path);
  const line = (await remote.git(['rev-list', '--first-parent', 'master'])).split('\n');
  for (const id of [line[0], line[1], line[7], line[100], line.at(-2), line.at(-1)]) {
    const count = await remote.git(['rev-list', '--count', id ?? '']);
    assert.equal((await find(repository, count)).id, id);
  }
  const [branch] = await repository.listBranches(signal());
  assert.equal(branch?.headNumber, Number(await remote.git(['rev-list', '--count', 'master'])));
  const revisions = await repository.listRevisions({ mainLine: true }, { limit: 300 }, signal());
  assert.deepEqual(
    revisions.map(({ id }) => id),
    line.slice(0, 300),
  );
});

/** A main line into which a side branch of three commits is merged at every tenth commit. */
function historyWithMerges(count: number): TestCommit[] {
  const commits: TestCommit[] = [];
  let main: number | undefined;
  while (commits.length < count) {
    const files = { 'a.txt': `${commits.length}` };
    const parents = main === undefined ? [] : [main];
    if (main !== undefined && commits.length % 10 === 0) {
      for (let side = 0; side < 3; side++)
        commits.push({ branch: 'side', files, parents: [side ? commits.length - 1 : main] });
      parents.push(commits.length - 1);
    }
    commits.push({ branch: 'master', files, parents });
    main = commits.length - 1;
  }
  return commits;
}

it('says that a number in the gap before a merge names nothing', async (test) => {
  const lab = await makeGitLab(test);
  const remote = await lab.remote('app');
  await remote.commit([
    { branch: 'master' },
    { branch: 'side', parents: [0] },
    { branch: 'side' },
    { branch: 'master', parents: [0, 2] },
  ]);
  const repository = lab.open(remote.path);
  await refuses(find(repository, '2'), 'unknown-revision', '2');
  assert.equal((await find(repository, '4')).namedByNumber, 4);
  assert.equal((await find(repository, '3', 'side')).namedByNumber, 3);
});

it('takes the history of a branch anew when its old head becomes a second parent', async (test) => {
  const lab = await makeGitLab(test);
  const remote = await lab.remote('app');
  const [first = '', second = ''] = await remote.commit(linear(2));
  const repository = lab.open(remote.path);
  assert.equal((await find(repository, '2')).id, second);
  const [side = ''] = await remote.commit([{ branch: 'side', files: { b: 'b' }, parents: [first] }]);
  const [merge = ''] = await remote.commit([{ branch: 'master', parents: [side, second] }]);
  assert.equal((await find(repository, '4')).id, merge);
  await find(repository, merge);
  assert.equal((await find(repository, '2')).id, side);
});

it('refuses a short hash that fits two commits, and takes a longer one', async (test) => {
  const lab = await makeGitLab(test);
  const remote = await lab.remote('app');
  const { ids, prefix } = await commitsWithSamePrefix(remote);
  const repository = lab.open(remote.path);
  await refuses(find(repository, prefix), 'ambiguous-revision', prefix);
  for (const id of ids) {
    const length = [...id].findIndex((digit, at) => ids.some((other) => other[at] !== digit)) + 1;
    assert.equal((await find(repository, id.slice(0, length))).id, id);
    assert.equal((await find(repository, id.toUpperCase())).id, id);
  }
});

/** Tries commit messages until two commits begin with the same four digits, which are not all decimal. */
async function commitsWithSamePrefix(remote: TestRepository): Promise<{ ids: string[]; prefix: string }> {
  const [root = ''] = await remote.commit([{ branch: 'master' }]);
  const tree = await remote.git(['rev-parse', `${root}^{tree}`]);
  const seen = new Map<string, string>();
  const person = 'Richard Ford <richard.ford@example.com> 1700000000 +0000';
  for (let attempt = 0; ; attempt++) {
    const body = `tree ${tree}\nparent ${root}\nauthor ${person}\ncommitter ${person}\n\ntry ${attempt}\n`;
    const id = createHash('sha1').update(`commit ${body.length}\0${body}`).digest('hex');
    const prefix = id.slice(0, 4);
    const other = seen.get(prefix);
    seen.set(prefix, body);
    if (other === undefined || !/[a-f]/.test(prefix)) continue;
    const ids: string[] = [];
    for (const text of [other, body])
      ids.push(await remote.git(['hash-object', '-t', 'commit', '-w', '--stdin'], text));
    await remote.commit([{ branch: 'master', parents: ids }]);
    return { ids, prefix };
  }
}

it('takes seven digits or more for a hash first, and fewer for a number first', async (test) => {
  const lab = await makeGitLab(test);
  const remote = await lab.remote('app');
  const ids = await remote.commit(linear(3_000));
  const repository = lab.open(remote.path);
  const long = ids.find((id) => /^[1-9]\d{6}/.test(id)) ?? '';
  assert.notEqual(long, '');
  assert.deepEqual(await find(repository, long.slice(0, 7)).then(({ id, namedByNumber }) => [id, namedByNumber]), [
    long,
    undefined,
  ]);
  const short = ids.find((id) => /^[12]\d{3}/.test(id) && Number(id.slice(0, 4)) <= 3_000) ?? '';
  const number = Number(short.slice(0, 4));
  assert.deepEqual(await find(repository, `${number}`).then(({ id, namedByNumber }) => [id, namedByNumber]), [
    ids[number - 1],
    number,
  ]);
  const high = ids.find(
    (id) => /^[4-9]\d{3}[a-f]/.test(id) && ids.filter((o) => o.startsWith(id.slice(0, 4))).length === 1,
  );
  if (high !== undefined) assert.equal((await find(repository, high.slice(0, 4))).id, high);
});

it('keeps a revision readable after a forced push, and after a restart', async (test) => {
  const lab = await makeGitLab(test);
  const remote = await lab.remote('app');
  const [, lost = ''] = await remote.commit(linear(2));
  let repository = lab.open(remote.path);
  await find(repository, lost);
  const [other = ''] = await remote.commit([{ branch: 'master', files: { b: 'b' }, parents: [] }]);
  await remote.git(['gc', '-q', '--prune=now']);
  assert.equal((await find(repository, other)).id, other);
  await refuses(find(repository, lost), 'not-on-branch', lost);
  await lab.restart();
  repository = lab.open(remote.path);
  await refuses(find(repository, lost), 'not-on-branch', lost);
  assert.deepEqual(await contents(await repository.openTree(lost, signal())), { 'a.txt': '1' });
});

it('peels the id of an annotated tag', async (test) => {
  const lab = await makeGitLab(test);
  const remote = await lab.remote('app');
  const [id = ''] = await remote.commit(linear(1));
  await remote.git(['tag', '-a', '-m', 'one', 'v1', id]);
  await remote.git(['tag', '-a', '-m', 'two', 'v2', 'v1']);
  const repository = lab.open(remote.path);
  for (const tag of ['v1', 'v2']) assert.equal((await find(repository, await remote.git(['rev-parse', tag]))).id, id);
});

it('does not take the id of a tree or a blob for a revision', async (test) => {
  const lab = await makeGitLab(test);
  const remote = await lab.remote('app');
  const [id = ''] = await remote.commit(linear(1));
  const repository = lab.open(remote.path);
  await find(repository, id);
  for (const name of [`${id}^{tree}`, `${id}:a.txt`]) {
    const other = await remote.git(['rev-parse', name]);
    await refuses(find(repository, other), 'unknown-revision', other);
    await refuses(repository.openTree(other, signal()), 'unknown-revision', other);
  }
});

it('reads repositories whose ids are SHA-256', async (test) => {
  const lab = await makeGitLab(test);
  const remote = await lab.remote('app', { format: 'sha256' });
  const ids = await remote.commit(linear(20));
  const repository = lab.open(remote.path);
  const last = ids.at(-1) ?? '';
  assert.equal(last.length, 64);
  for (const text of [last, last.slice(0, 10), '20']) assert.equal((await find(repository, text)).id, last);
  await refuses(find(repository, 'a'.repeat(40)), 'unknown-revision', 'a');
  assert.deepEqual(await contents(await repository.openTree(last, signal())), { 'a.txt': '19' });
  assert.equal(await createTag(repository, { name: '1.0', revisionId: last, message: '' }, signal()), 'done');
});

it('follows an app to another address, and to another main line', async (test) => {
  const lab = await makeGitLab(test);
  const before = await lab.remote('before');
  const [old = ''] = await before.commit(linear(1));
  const after = await lab.remote('after', { mainBranch: 'develop', format: 'sha256' });
  const [id = ''] = await after.commit([
    { branch: 'develop', files: { c: 'c' } },
    { branch: 'other', files: { d: 'd' } },
  ]);
  await find(lab.open(before.path), old);
  assert.deepEqual((await find(lab.open(after.path), '1')).id, id);
  assert.equal((await find(lab.open(after.path), id)).branch.name, 'develop');
  assert.equal((await find(lab.open(after.path, 'other'), '1', 'main')).branch.name, 'other');
  await refuses(find(lab.open(after.path, 'gone'), '1', 'main'), 'unknown-branch', 'gone');
  assert.equal((await find(lab.open(before.path), '1')).id, old);
});

it('notices that the remote has another default branch', async (test) => {
  const lab = await makeGitLab(test);
  const remote = await lab.remote('app');
  const [first = ''] = await remote.commit([{ branch: 'master' }, { branch: 'main', files: { b: 'b' } }]);
  const repository = lab.open(remote.path);
  assert.equal((await find(repository, first)).branch.name, 'master');
  await remote.git(['symbolic-ref', 'HEAD', 'refs/heads/main']);
  assert.equal((await repository.listBranches(signal()))[0]?.name, 'main');
  await lab.restart();
  assert.equal((await find(lab.open(remote.path), '1', undefined)).branch.name, 'main');
});

it('lets a branch become a folder of branches', async (test) => {
  const lab = await makeGitLab(test);
  const remote = await lab.remote('app');
  const [id = ''] = await remote.commit([{ branch: 'master' }, { branch: 'a', parents: [0] }]);
  const repository = lab.open(remote.path);
  await find(repository, id, 'a');
  await remote.git(['update-ref', '-d', 'refs/heads/a']);
  await remote.git(['update-ref', 'refs/heads/a/b', id]);
  assert.equal((await find(repository, id, 'a/b')).branch.name, 'a/b');
});
