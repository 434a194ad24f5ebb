import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import type { Repository, SourceTree } from '../../src/repository/repository.ts';
import { contents, refuses, signal } from '../contract/repository.ts';
import { runTestGit, type TestRepository } from '../support/git.ts';
import { type GitLab, makeGitLab } from '../support/git-lab.ts';

const open = async (repository: Repository): Promise<SourceTree> => {
  const { id } = await repository.resolve({ branch: { mainLine: true }, revision: '1' }, signal());
  return await repository.openTree(id, signal());
};

it('knows executable files, symlinks, and names that differ by case alone', async (test) => {
  const lab = await makeGitLab(test);
  const remote = await lab.remote('app');
  await remote.commit([
    {
      branch: 'master',
      files: {
        'bin/run': { mode: '100755', content: '#!/bin/sh\n' },
        link: { mode: '120000', content: 'bin/run' },
        README: 'upper',
        readme: 'lower',
      },
    },
  ]);
  const tree = await open(lab.open(remote.path));
  const modes = Object.fromEntries(tree.files.map(({ path, mode }) => [path, mode]));
  assert.deepEqual(modes, { README: 'file', 'bin/run': 'executable', link: 'symlink', readme: 'file' });
  assert.equal((await contents(tree)).link, 'bin/run');
});

const NAMES: Readonly<Record<string, Buffer>> = {
  'not valid UTF-8': Buffer.from([0x61, 0xff, 0x62]),
  'no file can have': Buffer.from('..'),
  'that no file can have': Buffer.from('.git'),
  'name that no file can have': Buffer.from('a/b'),
};

for (const [why, name] of Object.entries(NAMES)) {
  it(`refuses a tree with the name ${JSON.stringify(name.toString('latin1'))}`, async (test) => {
    const lab = await makeGitLab(test);
    const remote = await lab.remote('app');
    await commitTree(remote, [['100644', name]]);
    await refuses(open(lab.open(remote.path)), 'unreadable', why);
  });
}

it('refuses a mode that no file can have, and a name that is there twice', async (test) => {
  const lab = await makeGitLab(test);
  const remote = await lab.remote('app');
  await commitTree(remote, [['10644', Buffer.from('pipe')]]);
  await refuses(open(lab.open(remote.path)), 'unreadable', 'pipe');
  const other = await lab.remote('other');
  await commitTree(other, [
    ['100644', Buffer.from('a')],
    ['100644', Buffer.from('a')],
  ]);
  await refuses(open(lab.open(other.path)), 'unreadable', "'a'");
});

/** Makes a commit of a tree that git itself would not write. */
async function commitTree(remote: TestRepository, entries: readonly (readonly [string, Buffer])[]): Promise<void> {
  const blob = await remote.git(['hash-object', '-w', '--stdin'], 'content');
  const parts = entries.flatMap(([mode, name]) => [
    Buffer.from(`${mode} `),
    name,
    Buffer.from([0]),
    Buffer.from(blob, 'hex'),
  ]);
  const tree = await remote.git(['hash-object', '-t', 'tree', '--literally', '-w', '--stdin'], Buffer.concat(parts));
  const commit = await remote.git(['commit-tree', '-m', 'odd', tree]);
  await remote.git(['update-ref', 'refs/heads/master', commit]);
}

it('refuses a tree that describes more files than there is room for', async (test) => {
  const lab = await makeGitLab(test);
  const remote = await lab.remote('app');
  let id = await remote.git(['hash-object', '-w', '--stdin'], 'x');
  let kind = '100644 blob';
  for (let level = 0; level < 10; level++) {
    const lines = Array.from({ length: 10 }, (_, at) => `${kind} ${id}\td${at}`);
    id = await remote.git(['mktree'], lines.join('\n'));
    kind = '040000 tree';
  }
  await remote.git(['update-ref', 'refs/heads/master', await remote.git(['commit-tree', '-m', 'bomb', id])]);
  await refuses(open(lab.open(remote.path)), 'unreadable', 'more than');
});

it('reads the files of submodules in their places, nested and by relative addresses', async (test) => {
  const lab = await makeGitLab(test);
  const inner = await lab.remote('inner');
  const [innerId = ''] = await inner.commit([{ branch: 'master', files: { 'deep.txt': 'deep' } }]);
  const library = await lab.remote('library');
  const [, libraryId = ''] = await library.commit([
    { branch: 'master', files: { 'lib.txt': 'newer' } },
    { branch: 'old', files: { 'lib.txt': 'lib', ...gitlink('inner', '../inner.git', innerId) } },
  ]);
  const remote = await lab.remote('app');
  await remote.commit([
    { branch: 'master', files: { 'lib-a': 'a', 'z.txt': 'z', ...gitlink('lib', '../library.git', libraryId) } },
  ]);
  const repository = lab.open(remote.path);
  const tree = await open(repository);
  const read = await contents(tree);
  assert.deepEqual(Object.keys(read), [
    '.gitmodules',
    'lib-a',
    'lib/.gitmodules',
    'lib/inner/deep.txt',
    'lib/lib.txt',
    'z.txt',
  ]);
  assert.deepEqual([read['lib/lib.txt'], read['lib/inner/deep.txt'], read['z.txt']], ['lib', 'deep', 'z']);
});

it('reads a submodule whose revision no branch leads to', async (test) => {
  const lab = await makeGitLab(test);
  const library = await lab.remote('library');
  const [id = ''] = await library.commit([{ branch: 'gone', files: { 'lib.txt': 'lib' } }]);
  await library.commit([{ branch: 'master' }]);
  await library.git(['update-ref', 'refs/tags/v1', id]);
  await library.git(['update-ref', '-d', 'refs/heads/gone']);
  const remote = await lab.remote('app');
  await remote.commit([{ branch: 'master', files: gitlink('lib', '../library.git', id) }]);
  assert.equal((await contents(await open(lab.open(remote.path))))['lib/lib.txt'], 'lib');
});

it('names the submodule that is missing, has no address, or one that is not used', async (test) => {
  const lab = await makeGitLab(test);
  const id = 'a'.repeat(40);
  const cases = [
    { files: gitlink('lib', '../no-such.git', id), kind: 'unreachable' },
    { files: gitlink('lib', 'ext::sh -c touch% /tmp/x', id), kind: 'bad-address' },
    { files: gitlink('lib', '-u./evil', id), kind: 'bad-address' },
    { files: { lib: { mode: '160000', content: id } }, kind: 'unreadable' },
  ] as const;
  for (const [at, { files, kind }] of cases.entries()) {
    const remote = await lab.remote(`app${at}`);
    await remote.commit([{ branch: 'master', files }]);
    await refuses(open(lab.open(remote.path)), kind, kind === 'bad-address' ? 'address' : "'lib'");
  }
  const library = await lab.remote('library');
  await library.commit([{ branch: 'master' }]);
  const remote = await lab.remote('app');
  await remote.commit([{ branch: 'master', files: gitlink('lib', '../library.git', id) }]);
  await refuses(open(lab.open(remote.path)), 'unreadable', "'lib'");
});

it('stops at submodules that go on for ever', async (test) => {
  const lab = await makeGitLab(test);
  const remote = await lab.remote('app');
  let [id = ''] = await remote.commit([{ branch: 'master' }]);
  for (let level = 0; level < 12; level++) {
    [id = ''] = await remote.commit([{ branch: 'master', files: gitlink('again', remote.path, id) }]);
  }
  const repository = lab.open(remote.path);
  await repository.resolve({ branch: { mainLine: true }, revision: id }, signal());
  await refuses(repository.openTree(id, signal()), 'unreadable', 'again');
});

function gitlink(path: string, url: string, id: string) {
  return {
    '.gitmodules': `[submodule "${path}"]\n\tpath = ${path}\n\turl = ${url}\n`,
    [path]: { mode: '160000', content: id },
  };
}

it('puts the contents of Git LFS in the place of their pointers', async (test) => {
  const lab = await makeGitLab(test);
  const large = randomBytes(5_000_000);
  const remote = await remoteWithLfs(lab, { 'model.mpr': Buffer.from('the model'), 'large.bin': large });
  const repository = lab.open(remote.path);
  const tree = await open(repository);
  const read = await contents(tree);
  assert.equal(read['model.mpr'], 'the model');
  assert.equal(read['large.bin'], large.toString());
  assert.equal(read['plain.txt'], 'plain');
  const ids = tree.files.map(({ contentId }) => contentId);
  assert.equal(new Set(ids).size, ids.length);
});

it('names the file whose LFS content is missing', async (test) => {
  const lab = await makeGitLab(test);
  const remote = await remoteWithLfs(lab, {});
  await remote.commit([{ branch: 'master', files: { 'model.mpr': pointer(Buffer.from('never pushed')) } }]);
  const repository = lab.open(`file://${remote.path}`);
  const { id } = await repository.resolve({ branch: { mainLine: true }, revision: '2' }, signal());
  await refuses(contents(await repository.openTree(id, signal())), 'unreadable', "'model.mpr'");
});

it('says how to get git-lfs where it is not installed', async (test) => {
  const lab = await makeGitLab(test, { path: await pathWithoutLfs(test) });
  const remote = await lab.remote('app');
  await remote.commit([{ branch: 'master', files: { 'a.txt': 'a', 'model.mpr': pointer(Buffer.from('x')) } }]);
  const tree = await open(lab.open(remote.path));
  assert.deepEqual(
    tree.files.map(({ path }) => path),
    ['a.txt', 'model.mpr'],
  );
  await refuses(contents(tree), 'unreadable', 'apt-get install git-lfs');
});

function pointer(content: Uint8Array): string {
  const oid = createHash('sha256').update(content).digest('hex');
  return `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${content.length}\n`;
}

/** A remote whose files are kept by git-lfs, put there by a clone that pushed them. */
async function remoteWithLfs(lab: GitLab, files: Readonly<Record<string, Uint8Array>>): Promise<TestRepository> {
  const remote = await lab.remote('app');
  const clone = join(lab.folder, 'clone');
  const git = (...args: string[]) => runTestGit(['-C', clone, ...args]);
  await runTestGit(['clone', '-q', remote.path, clone]);
  await git('lfs', 'install', '--local');
  await writeFile(join(clone, '.gitattributes'), '*.mpr filter=lfs -text\n*.bin filter=lfs -text\n');
  await writeFile(join(clone, 'plain.txt'), 'plain');
  for (const [name, content] of Object.entries(files)) await writeFile(join(clone, name), content);
  await git('add', '.');
  await git('commit', '-q', '-m', 'with lfs');
  await git('push', '-q', 'origin', 'HEAD:master');
  return remote;
}

/** A PATH with everything that git needs, and no git-lfs. */
async function pathWithoutLfs(test: TestContext): Promise<string> {
  const lab = await makeGitLab(test);
  const bin = join(lab.folder, 'bin');
  await mkdir(bin);
  const gitExecPath = await runTestGit(['--exec-path']);
  assert.ok(!(await readdir(gitExecPath)).includes('git-lfs'), 'git-lfs stands in the exec path of git');
  for (const name of ['git', 'sh']) await symlink(await which(name), join(bin, name));
  await chmod(bin, 0o755);
  return bin;
}

async function which(name: string): Promise<string> {
  for (const folder of (process.env.PATH ?? '').split(':')) {
    const names: readonly string[] = folder === '' ? [] : await readdir(folder).catch(() => []);
    if (names.includes(name)) return join(folder, name);
  }
  throw new Error(`${name} is not in PATH`);
}

it('reads what it remembers and what it does not in the order asked for', async (test) => {
  const lab = await makeGitLab(test);
  const remote = await lab.remote('app');
  const files = Object.fromEntries(
    Array.from({ length: 150 }, (_, at) => [`d${at % 7}/${at}`, at % 3 === 0 ? randomBytes(5_000) : `small ${at}`]),
  );
  const changed = { 'd1/8': 'another', 'd2/9': randomBytes(5_000_000), 'd3/3': 'smaller', 'e/new': 'new' };
  await remote.commit([
    { branch: 'master', files },
    { branch: 'master', files: changed },
  ]);
  const repository = lab.open(remote.path);
  const first = await open(repository);
  await contents(first);
  const { id } = await repository.resolve({ branch: { mainLine: true }, revision: '2' }, signal());
  const tree = await repository.openTree(id, signal());
  for (let round = 0; round < 2; round += 1) {
    const read: string[] = [];
    for await (const { file, bytes } of tree.read(tree.files, signal())) {
      const whole = bytes instanceof Uint8Array ? bytes : Buffer.concat(await Array.fromAsync(bytes));
      assert.ok(Buffer.from({ ...files, ...changed }[file.path] ?? '').equals(whole), file.path);
      read.push(file.path);
    }
    assert.deepEqual(
      read,
      tree.files.map(({ path }) => path),
    );
    assert.equal(read.length, 151);
  }
});
