import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parseBranch } from '../../src/domain/branch-name.ts';
import { type Repository, RepositoryError } from '../../src/repository/repository.ts';
import { contents, createTag, refuses, signal } from '../contract/repository.ts';
import { runTestGit } from '../support/git.ts';
import { makeGitLab } from '../support/git-lab.ts';
import { startGitHttp, startSilentServer } from '../support/git-servers.ts';
import { until } from '../support/until.ts';

const find = (repository: Repository, revision: string, one = signal()) =>
  repository.resolve({ branch: parseBranch(undefined), revision }, one);

it('gives up on a remote that accepts and says nothing, and leaves no process', async (test) => {
  const lab = await makeGitLab(test, { connectTimeoutMs: 400 });
  const silent = await startSilentServer();
  test.after(silent.stop);
  const startedAt = performance.now();
  for (const address of [`${silent.url}app.git`, `${silent.url.replace('git:', 'http:')}app.git`]) {
    await refuses(find(lab.open(address), '1'), 'unreachable', '0.4 s');
  }
  assert.ok(performance.now() - startedAt < 10_000);
  assert.deepEqual(await gitProcesses(lab.folder), []);
});

it('lets its caller go at once when the signal fires, and goes on fetching for whoever asks again', async (test) => {
  const lab = await makeGitLab(test);
  const silent = await startSilentServer();
  test.after(silent.stop);
  const repository = lab.open(`${silent.url}app.git`);
  const stop = new AbortController();
  const reason = new Error('canceled');
  const finding = find(repository, '1', stop.signal);
  await until('the remote is asked', () => silent.count() > 0);
  stop.abort(reason);
  await assert.rejects(finding, reason);
  assert.notDeepEqual(await gitProcesses(lab.folder), []);
  await repository.close();
  assert.deepEqual(await gitProcesses(lab.folder), []);
});

it('shares one look at the remote among requests that come while another look is under way', async (test) => {
  const lab = await makeGitLab(test);
  const remote = await lab.remote('app');
  await remote.commit([{ branch: 'master' }]);
  const server = await startGitHttp(lab.folder);
  test.after(server.stop);
  const repository = lab.open(`${server.url}app.git`);
  await find(repository, '1');
  const before = server.count();
  await find(repository, '2').catch(() => undefined);
  const requestsOfOneLook = server.count() - before;
  await Promise.allSettled(Array.from({ length: 100 }, (_, at) => find(repository, String(at + 2))));
  assert.ok(server.count() - before <= 4 * requestsOfOneLook, `${server.count() - before} requests`);
});

it('says that a host does not exist or refuses, and that a repository is not there', async (test) => {
  const lab = await makeGitLab(test);
  const server = await startGitHttp(lab.folder);
  const dead = server.url;
  await refuses(find(lab.open(`${dead}none.git`), '1'), 'unreachable', 'not there');
  await server.stop();
  await refuses(find(lab.open(`${dead}none.git`), '1'), 'unreachable', 'connections');
  await refuses(find(lab.open('http://no-such-host.invalid/app.git'), '1'), 'unreachable', 'no-such-host.invalid');
  await refuses(find(lab.open(join(lab.folder, 'none.git')), '1'), 'unreachable', 'none.git');
});

it('never shows a password: not in messages, not to other processes, not on disk', async (test) => {
  const lab = await makeGitLab(test);
  const remote = await lab.remote('app');
  await remote.commit([{ branch: 'master' }]);
  const server = await startGitHttp(lab.folder, { name: 'builder', password: 'right-password' });
  test.after(server.stop);
  const addressWith = (password: string) => `${server.url.replace('//', `//builder:${password}@`)}app.git`;
  await assert.rejects(find(lab.open(addressWith('wrong-password')), '1'), (error) => {
    assert.ok(error instanceof RepositoryError);
    assert.equal(error.kind, 'unreachable');
    assert.ok(error.message.includes('does not let us in'), error.message);
    assert.ok(!`${error.message} ${error.cause}`.includes('wrong-password'), `${error.message} ${error.cause}`);
    return true;
  });
  const repository = lab.open(addressWith('right-password'));
  const commandLines = new Set<string>();
  const finding = find(repository, '1');
  const watching = until('the revision is found', async () => {
    for (const line of await gitProcesses(lab.folder)) commandLines.add(line);
    return await Promise.race([
      finding.then(() => true),
      new Promise<false>((resolve) => setImmediate(resolve, false)),
    ]);
  });
  await watching;
  assert.ok(![...commandLines].some((line) => line.includes('right-password')));
  for (const name of await readdir(lab.mirrorsFolder, { recursive: true, withFileTypes: true })) {
    if (!name.isFile()) continue;
    const text = await readFile(join(name.parentPath, name.name), 'latin1');
    assert.ok(!text.includes('right-password'), name.name);
  }
});

it('says that a remote refuses a tag', async (test) => {
  const lab = await makeGitLab(test);
  const remote = await lab.remote('app');
  const [id = ''] = await remote.commit([{ branch: 'master' }]);
  await mkdir(join(remote.path, 'hooks'));
  await writeFile(join(remote.path, 'hooks', 'pre-receive'), '#!/bin/sh\necho no tags here >&2\nexit 1\n');
  await chmod(join(remote.path, 'hooks', 'pre-receive'), 0o755);
  const repository = lab.open(remote.path);
  await find(repository, id);
  const tag = { name: '1.0.0', revisionId: id, message: '' };
  await refuses(createTag(repository, tag, signal()), 'refused', remote.path);
  await writeFile(join(remote.path, 'hooks', 'pre-receive'), '#!/bin/sh\nexit 0\n');
  assert.equal(await createTag(repository, tag, signal()), 'done');
  assert.match(await remote.git(['cat-file', '-p', '1.0.0']), /^tagger Slipway <.*>.*\n\nPackage 1\.0\.0$/m);
});

it('says that a remote over http refuses pushes', async (test) => {
  const lab = await makeGitLab(test);
  const remote = await lab.remote('app');
  const [id = ''] = await remote.commit([{ branch: 'master' }]);
  await remote.git(['config', 'http.receivepack', 'false']);
  const server = await startGitHttp(lab.folder);
  test.after(server.stop);
  const repository = lab.open(`${server.url}app.git`);
  await find(repository, id);
  await refuses(createTag(repository, { name: '1.0.0', revisionId: id, message: '' }, signal()), 'refused', 'push');
});

it('runs no hook and no command that a remote or the mirror brings along', async (test) => {
  const lab = await makeGitLab(test);
  const remote = await lab.remote('app');
  const [id = ''] = await remote.commit([{ branch: 'master', files: { '.gitattributes': '* filter=evil\n' } }]);
  const repository = lab.open(remote.path);
  await find(repository, id);
  await mkdir(join(lab.mirror, 'hooks'));
  for (const hook of ['reference-transaction', 'pre-push', 'post-update']) {
    await writeFile(join(lab.mirror, 'hooks', hook), `#!/bin/sh\ntouch ${lab.folder}/ran-${hook}\n`, { mode: 0o755 });
  }
  const [second = ''] = await remote.commit([{ branch: 'master', files: { b: 'b' } }]);
  await find(repository, second);
  assert.equal(await createTag(repository, { name: '1.0.0', revisionId: second, message: '' }, signal()), 'done');
  assert.deepEqual(
    (await readdir(lab.folder)).filter((name) => name.startsWith('ran-')),
    [],
  );
});

it('gives children nothing of the environment of the server', async (test) => {
  const lab = await makeGitLab(test);
  const bin = join(lab.folder, 'bin');
  await mkdir(bin);
  const script = `#!/bin/sh\nenv > ${lab.folder}/environment\nexit 1\n`;
  await writeFile(join(bin, 'git'), script, { mode: 0o755 });
  process.env.SLIPWAY_TEST_SECRET = 'secret';
  test.after(() => {
    delete process.env.SLIPWAY_TEST_SECRET;
  });
  await lab.restart({ path: `${bin}:/usr/bin:/bin` });
  await refuses(find(lab.open(join(lab.folder, 'app.git')), '1'), 'unreachable', '');
  const text = await readFile(join(lab.folder, 'environment'), 'utf8');
  assert.ok(!text.includes('SLIPWAY_TEST_SECRET'));
  assert.match(text, /^GIT_ALLOW_PROTOCOL=file:git:http:https:ssh$/m);
  assert.match(text, /^GIT_TERMINAL_PROMPT=0$/m);
});

it('goes on after a kill: locks and half packs are taken away, and a damaged mirror is fetched anew', async (test) => {
  const lab = await makeGitLab(test);
  const remote = await lab.remote('app');
  const [first = ''] = await remote.commit([{ branch: 'master', files: { a: '1' } }]);
  await find(lab.open(remote.path), first);
  await writeFile(join(lab.mirror, 'packed-refs.lock'), '');
  await writeFile(join(lab.mirror, 'refs', 'heads', 'master.lock'), '');
  await writeFile(join(lab.mirror, 'objects', 'pack', 'tmp_pack_x1'), 'half');
  await mkdir(`${lab.mirror}.new-1234`);
  await lab.restart();
  const [second = ''] = await remote.commit([{ branch: 'master', files: { a: '2' } }]);
  assert.equal((await find(lab.open(remote.path), '2')).id, second);
  assert.deepEqual(
    (await readdir(join(lab.mirror, 'objects', 'pack'))).filter((name) => name.startsWith('tmp_')),
    [],
  );

  await lab.restart();
  for (const name of await readdir(join(lab.mirror, 'objects', 'pack'))) {
    await chmod(join(lab.mirror, 'objects', 'pack', name), 0o600);
    await writeFile(join(lab.mirror, 'objects', 'pack', name), 'not a pack');
  }
  const repository = lab.open(remote.path);
  assert.equal((await find(repository, '2')).id, second);
  assert.deepEqual(await contents(await repository.openTree(first, signal())), { a: '1' });
});

it('replaces a process that is killed while it reads, without losing or repeating a byte', async (test) => {
  const lab = await makeGitLab(test);
  const remote = await lab.remote('app');
  const files = Object.fromEntries(
    Array.from({ length: 200 }, (_, at) => [`f${1000 + at}`, `content ${at} `.repeat(2_000)]),
  );
  const large = Buffer.alloc(30_000_000, 'abcdefg');
  const [id = ''] = await remote.commit([{ branch: 'master', files: { ...files, large, last: 'last' } }]);
  const repository = lab.open(remote.path);
  await find(repository, id);
  const tree = await repository.openTree(id, signal());
  let kills = 0;
  const read: Record<string, string> = {};
  for await (const { file, bytes } of tree.read(tree.files, signal())) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of bytes instanceof Uint8Array ? [bytes] : bytes) {
      chunks.push(Buffer.from(chunk));
      if (file.path === 'f1050' || (file.path === 'large' && chunks.length % 200 === 5))
        kills += await killCatFiles(lab.mirror);
    }
    read[file.path] = Buffer.concat(chunks).toString();
  }
  assert.ok(kills >= 3, `${kills} kills`);
  assert.deepEqual(
    Object.keys(read),
    tree.files.map(({ path }) => path),
  );
  assert.ok(read.large === large.toString() && read.last === 'last' && read.f1199 === files.f1199);
  await killCatFiles(lab.mirror);
  assert.equal((await repository.openTree(id, signal())).files.length, 202);
});

it('deletes what it kept for an app for good', async (test) => {
  const lab = await makeGitLab(test);
  const remote = await lab.remote('app');
  await remote.commit([{ branch: 'master' }]);
  const repositories = await lab.restart();
  await find(lab.open(remote.path), '1');
  await repositories.remove('app');
  assert.deepEqual((await readdir(lab.mirrorsFolder)).sort(), ['gitconfig']);
  assert.equal((await find(lab.open(remote.path), '1')).namedByNumber, 1);
});

it('ends idle processes after a while, and starts them again', async (test) => {
  const lab = await makeGitLab(test, { idleMs: 20, restMs: 50 });
  const remote = await lab.remote('app');
  const [id = ''] = await remote.commit([{ branch: 'master', files: { a: 'a' } }]);
  const repository = lab.open(remote.path);
  await find(repository, id);
  assert.deepEqual(await contents(await repository.openTree(id, signal())), { a: 'a' });
  await until('no process is left', async () => (await gitProcesses(lab.folder)).length === 0);
  assert.deepEqual(await contents(await repository.openTree(id, signal())), { a: 'a' });
});

/** The command lines of git processes that have to do with a folder. */
async function gitProcesses(folder: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)) {
    const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    const isOurs = environment.split('\0').includes(`HOME=${folder}`);
    if (isOurs && commandLine.includes('git')) found.push(commandLine.replaceAll('\0', ' '));
  }
  return found;
}

async function killCatFiles(gitDir: string): Promise<number> {
  let killed = 0;
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (!environment.includes(`GIT_DIR=${gitDir}\0`) || !commandLine.includes('cat-file')) continue;
    process.kill(Number(pid), 'SIGKILL');
    killed++;
  }
  return killed;
}

it('survives a process that could not be started for want of file descriptors, and says why', async (test) => {
  const lab = await makeGitLab(test);
  const remote = await lab.remote('app');
  const [revision = ''] = await remote.commit([{ branch: 'master', files: { a: 'a' } }]);
  const program = fileURLToPath(new URL('../support/read-without-files.ts', import.meta.url));
  const args = [process.execPath, program, join(lab.folder, 'few-files'), remote.path, revision];
  const { stdout } = await promisify(execFile)('/bin/sh', ['-c', 'ulimit -n 200 && exec "$0" "$@"', ...args]);
  assert.match(
    stdout,
    /^RepositoryError: The command git cannot be started .*: too many files are open, .*, then 1 files$/,
  );
});

for (const what of ['commit', 'tree', 'blob'] as const) {
  for (const where of ['header', 'content'] as const) {
    it(`gets a mirror anew in which the ${where} of a ${what} is damaged, and reads on`, async (test) => {
      const lab = await makeGitLab(test);
      const remote = await lab.remote('app');
      const files = { a: 'first', b: 'the content that will be damaged', c: 'last' };
      const [id = ''] = await remote.commit([{ branch: 'master', files }]);
      const [head = ''] = await remote.commit([{ branch: 'master', files: { d: 'd' } }]);
      const repository = lab.open(remote.path);
      await find(repository, head);
      await remote.git(['update-ref', 'refs/heads/master', id]);
      await repository.listBranches(signal());
      const names = { commit: id, tree: `${id}^{tree}`, blob: `${id}:b` };
      await damage(lab.mirror, await remote.git(['rev-parse', names[what]]), where);
      // As a restart does, so that nothing is held in memory.
      if (what !== 'commit') await lab.restart();
      const opened = what === 'commit' ? repository : lab.open(remote.path);
      const [one, other] = await Promise.all([opened.openTree(id, signal()), opened.openTree(id, signal())]);
      assert.deepEqual(await contents(one), files);
      assert.deepEqual(await contents(other), files);
      // What no branch leads to any more is not lost by it.
      assert.deepEqual(await contents(await opened.openTree(head, signal())), { ...files, d: 'd' });
    });
  }
}

/** Flips bits of an object in the pack of a mirror. */
async function damage(mirror: string, objectId: string, where: 'header' | 'content'): Promise<void> {
  const folder = join(mirror, 'objects', 'pack');
  const [index = ''] = (await readdir(folder)).filter((name) => name.endsWith('.idx'));
  const lines = (await runTestGit(['show-index'], await readFile(join(folder, index)))).split('\n');
  const offset = Number(lines.find((line) => line.includes(objectId))?.split(' ')[0]);
  const pack = join(folder, index.replace('.idx', '.pack'));
  await chmod(pack, 0o600);
  const bytes = await readFile(pack);
  const at = offset + (where === 'header' ? 0 : 5);
  bytes[at] = (bytes[at] ?? 0) ^ 0x70;
  await writeFile(pack, bytes);
}
