import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { APP_DEFAULTS } from '../../src/domain/app-settings.ts';
import type { AppSettings } from '../../src/protocol/manage.ts';
import { openRepositories, type RepositoriesOptions } from '../../src/repository/repositories.ts';
import { RepositoryError } from '../../src/repository/repository.ts';
import { contents, refuses, signal } from '../contract/repository.ts';
import { makeLocalSsh } from '../support/git-servers.ts';
import { recordingPath } from '../support/recording-path.ts';
import { makeSvnRepository, runTestSvn } from '../support/svn.ts';
import { assertAsExported } from '../support/svn-export.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const TRUNK = { name: 'trunk', isMainLine: true };

async function setUp(context: TestContext) {
  const folder = await temporaryFolder(context);
  const remote = await makeSvnRepository(join(folder, 'app'));
  const mirrorsFolder = join(folder, 'mirrors');
  let close = async () => {};
  context.after(() => close());
  const open = async (settings: Partial<AppSettings> = {}, options: Partial<RepositoriesOptions> = {}) => {
    await close();
    const repositories = openRepositories({ mirrorsFolder, path: process.env.PATH ?? '', home: folder, ...options });
    close = repositories.closeAll;
    return repositories.forApp({
      key: 'app',
      kind: 'svn',
      repository: remote.url,
      mainBranch: null,
      settings: { ...APP_DEFAULTS, ...settings },
    });
  };
  return { folder, remote, open, mirrorsFolder };
}

test('every revision of a tree is what svn export gives, with everything that properties change', async (context) => {
  const { folder, remote, open } = await setUp(context);
  await remote.commit('shared', { 'lib.txt': 'shared\n', 'deep/er.txt': 'deeper\n' });
  const keywords = { 'svn:keywords': 'Id Revision Date Author URL Header', 'svn:eol-style': 'native' };
  const keyword = '$Id$ $Revision$ $Date$ $Author$ $URL$\r\nline\r\n';
  const first = await remote.commit('trunk', {
    'plain.txt': 'one\n',
    'image.bin': Uint8Array.from({ length: 70_000 }, (_, at) => (at * 7) % 256),
    'ä ö%20@3.txt': { properties: keywords, content: keyword },
    'crlf.txt': { properties: { 'svn:eol-style': 'CRLF' }, content: 'a\nb\n' },
    'lf.txt': { properties: { 'svn:eol-style': 'LF' }, content: 'a\r\nb\r\n' },
    'run.sh': { properties: { 'svn:executable': '*' }, content: '#!/bin/sh\n' },
    link: { properties: { 'svn:special': '*' }, content: 'link plain.txt' },
    'empty/': '',
    'model/a@2/b.txt': 'b',
  });
  const second = await remote.commit('trunk', {
    'plain.txt': 'two\n',
    'run.sh': { properties: { 'svn:executable': '*' }, content: '#!/bin/bash\n' },
    'crlf.txt': null,
    link: { properties: {}, content: 'link lf.txt' },
    'lf.txt': { properties: { 'svn:executable': '*' } },
    'new/file.txt': 'new',
    'empty/no more': '',
    'hollow/out/': '',
    'model/a@2/b.txt': null,
  });
  const third = await remote.commit('trunk/new', {
    'more.txt': { properties: keywords, content: keyword },
    'file.txt': 'newer',
  });
  const externals = { 'svn:externals': '^/shared lib\n^/shared/lib.txt one-file.txt\n' };
  await remote.mucc(['propset', 'svn:externals', externals['svn:externals'], 'trunk']);
  const fourth = String(Number(third) + 1);
  const repository = await open();
  for (const [at, revision] of [first, second, third, fourth, second, first].entries()) {
    await assertAsExported(repository, remote, revision, join(folder, `export-${at}`));
  }
  await remote.commit('shared', { 'lib.txt': 'changed\n' });
  await assertAsExported(repository, remote, fourth, join(folder, 'export-later'));
});

test('a tree stays readable while the next revision is fetched', async (context) => {
  const { remote, open } = await setUp(context);
  const first = await remote.commit('trunk', { a: 'one', b: 'same' });
  const second = await remote.commit('trunk', { a: 'two' });
  const repository = await open();
  const old = await repository.openTree(first, signal(), TRUNK);
  const next = await repository.openTree(second, signal(), TRUNK);
  assert.deepEqual(await contents(old), { a: 'one', b: 'same' });
  assert.deepEqual(await contents(next), { a: 'two', b: 'same' });
});

test('who asks the same at the same time shares one answer, and one fetch', async (context) => {
  const { folder, remote, open } = await setUp(context);
  const first = await remote.commit('trunk', { a: 'one' });
  const record = join(folder, 'record');
  const repository = await open({}, { path: await recordingPath(folder, record) });
  const asked = async (command: string) => {
    const lines = (await readFile(record, 'utf8')).split('\n');
    return lines.filter((line) => line === command).length;
  };
  const trees = await Promise.all(Array.from({ length: 8 }, () => repository.openTree(first, signal(), TRUNK)));
  for (const tree of trees) assert.deepEqual(await contents(tree), { a: 'one' });
  // A look that has begun is not good for who asks later.
  assert.ok((await asked('info')) <= 2);
  assert.equal(await asked('checkout'), 1);
  await Promise.all(
    Array.from({ length: 8 }, () => repository.listRevisions({ mainLine: true }, { limit: 3 }, signal())),
  );
  assert.equal(await asked('log'), 1);
});

test('a branch that was deleted and made again is what it was at each revision', async (context) => {
  const { remote, open } = await setUp(context);
  await remote.commit('trunk', { a: 'trunk' });
  const before = await remote.commit('branches/x', { a: 'before', old: 'old' }, { from: 'trunk' });
  await remote.mucc(['rm', 'branches/x']);
  const between = String(Number(before) + 1);
  const after = await remote.mucc(['cp', 'HEAD', 'trunk', 'branches/x']);
  const repository = await open();
  const branch = { name: 'x', isMainLine: false };
  const request = { mainLine: false, name: 'x', orMainLine: false } as const;
  assert.deepEqual(await contents(await repository.openTree(before, signal(), branch)), { a: 'before', old: 'old' });
  assert.deepEqual(await contents(await repository.openTree(after, signal(), branch)), { a: 'trunk' });
  await refuses(repository.resolve({ branch: request, revision: between }, signal()), 'not-on-branch', between);
  await refuses(repository.openTree(between, signal(), branch), 'unknown-revision', between);
});

test('a revision that is not on the branch is built where the app allows it', async (context) => {
  const { remote, open } = await setUp(context);
  const first = await remote.commit('trunk', { a: 'one' });
  const second = await remote.commit('branches/x', { a: 'two' }, { from: 'trunk' });
  const repository = await open({ AllowForeignRevisions: true });
  const request = { mainLine: false, name: 'x', orMainLine: false } as const;
  const { branch, id } = await repository.resolve({ branch: request, revision: first }, signal());
  assert.deepEqual(await contents(await repository.openTree(id, signal(), branch)), { a: 'one' });
  const tag = { name: '1.0.0.1', revisionId: id, branch, message: '' };
  assert.deepEqual(await repository.createTags([tag, tag], signal()), ['done', 'done']);
  assert.deepEqual(await contents(await repository.openTree(second, signal(), branch)), { a: 'two' });
});

test('the layout is what the app says', async (context) => {
  const { remote, open } = await setUp(context);
  await remote.commit('app/main', { a: 'main' });
  const second = await remote.commit('app/topic/x y', { a: 'x' }, { from: 'app/main' });
  const repository = await open({ Trunk: 'app/main', Branches: 'app/topic', Tags: 'app/released/by slipway' });
  const branches = await repository.listBranches(signal());
  assert.deepEqual(
    branches.map(({ name, headId, isMainLine }) => [name, headId, isMainLine]),
    [
      ['trunk', '1', true],
      ['x y', '2', false],
    ],
  );
  const branch = { name: 'x y', isMainLine: false };
  assert.deepEqual(await contents(await repository.openTree(second, signal(), branch)), { a: 'x' });
  const made = await repository.createTags([{ name: '1.0.0.2', revisionId: second, branch, message: 'm' }], signal());
  assert.deepEqual(made, ['done']);
  const copied = await runTestSvn('svn', ['cat', `${remote.url}/app/released/by%20slipway/1.0.0.2/a`]);
  assert.equal(copied, 'x');
});

test('svn that is not installed, and a hook that refuses tags, are said in a sentence', async (context) => {
  const { remote, open } = await setUp(context);
  const id = await remote.commit('trunk', { a: 'a' });
  await writeFile(join(remote.path, 'hooks', 'pre-commit'), '#!/bin/sh\necho no tags >&2\nexit 1\n', { mode: 0o755 });
  const [outcome] = await (await open()).createTags([{ name: '1', revisionId: id, message: '' }], signal());
  assert.ok(outcome instanceof RepositoryError && outcome.kind === 'refused', String(outcome));
  const without = await open({}, { path: '/nowhere' });
  await refuses(without.listBranches(signal()), 'unreachable', 'install subversion');
});

test('a connection that breaks between two answers is no branch that is missing', async (context) => {
  const { folder, remote } = await setUp(context);
  const first = await remote.commit('trunk', { a: 'a' });
  const bin = await makeLocalSsh(folder);
  await rename(join(bin, 'ssh'), join(bin, 'whole-ssh'));
  const once = `[ -e ${folder}/once ] && exit 255; touch ${folder}/once`;
  await writeFile(join(bin, 'ssh'), `#!/bin/sh\n${once}\nexec whole-ssh "$@"\n`, { mode: 0o755 });
  const repositories = openRepositories({ mirrorsFolder: folder, path: `${bin}:${process.env.PATH}`, home: folder });
  context.after(() => repositories.closeAll());
  const address = `svn+ssh://localhost${remote.path}`;
  const repository = repositories.forApp({ key: 'app', kind: 'svn', repository: address, mainBranch: null });
  const trunk = { mainLine: true } as const;
  await refuses(repository.findBranch(trunk, signal()), 'unreachable', 'localhost');
  await rm(join(folder, 'once'));
  assert.equal((await repository.resolve({ branch: trunk, revision: first }, signal())).id, first);
});

/** Where a fetch is killed: at the start of a command of svn's, or when that has said so many lines. */
const MOMENTS = [
  ['checkout', 0],
  ['checkout', 20],
  ['update', 20],
  ['proplist', 0],
] as const;

for (const [command, lines] of MOMENTS) {
  test(`a fetch that was killed at line ${lines} of svn ${command} is gone on with`, async (context) => {
    const { folder, remote, open, mirrorsFolder } = await setUp(context);
    const files = Object.fromEntries(Array.from({ length: 60 }, (_, at) => [`d${at % 7}/f${at}`, `content ${at}`]));
    const first = await remote.commit('trunk', files);
    const changed = Object.fromEntries(Object.entries(files).map(([path, text]) => [path, `${text} again`]));
    const second = await remote.commit('trunk', { ...changed, 'd0/f0': null, 'new/file': 'new' });
    if (command !== 'checkout') await (await (await open()).openTree(first, signal(), TRUNK)).close();
    const path = await deadlyPath(folder, command, lines);
    const script = `
      import { openRepositories } from ${JSON.stringify(new URL('../../src/repository/repositories.ts', import.meta.url).href)};
      const repositories = openRepositories(${JSON.stringify({ mirrorsFolder, path, home: folder })});
      const app = { key: 'app', kind: 'svn', repository: ${JSON.stringify(remote.url)}, mainBranch: null };
      await repositories.forApp(app).openTree('${second}', AbortSignal.timeout(60_000));
    `;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore' });
    assert.equal(await new Promise((resolve) => child.on('exit', (_, how) => resolve(how))), 'SIGKILL');
    const repositories = openRepositories({ mirrorsFolder, path: process.env.PATH ?? '', home: folder });
    await repositories.sweep();
    await repositories.closeAll();
    const repository = await open();
    for (const [at, revision] of [second, first].entries()) {
      await assertAsExported(repository, remote, revision, join(folder, `export-${at}`));
    }
  });
}

/** A PATH whose `svn` kills who started it, and itself, at a moment of one of its commands. */
async function deadlyPath(folder: string, command: string, lines: number): Promise<string> {
  const bin = join(folder, 'bin');
  const real = (await runTestSvn('sh', ['-c', 'command -v svn'])).trim();
  const script = `#!/bin/sh
[ "$1" = ${command} ] || exec ${real} "$@"
[ ${lines} = 0 ] || ${real} "$@" | { head -n ${lines} > ${bin}/seen; kill -9 $PPID 0; }
kill -9 $PPID 0
`;
  await mkdir(bin);
  await writeFile(join(bin, 'svn'), script, { mode: 0o755 });
  return `${bin}:${process.env.PATH}`;
}

test('content that was damaged on disk is never read as what it was', async (context) => {
  const { remote, open, mirrorsFolder } = await setUp(context);
  const id = await remote.commit('trunk', { a: 'whole' });
  const repository = await open();
  const tree = await repository.openTree(id, signal(), TRUNK);
  const shards = await readdir(join(mirrorsFolder, 'app', 'svn', 'contents'), { recursive: true, withFileTypes: true });
  const content = shards.find((entry) => entry.isFile());
  assert.ok(content);
  await writeFile(join(content.parentPath, content.name), 'torn!');
  await refuses(contents(tree), 'unreadable', 'a');
  assert.deepEqual(await contents(await repository.openTree(id, signal(), TRUNK)), { a: 'whole' });
});
