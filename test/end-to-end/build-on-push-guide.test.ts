import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { openCommandLine } from '../support/command-line.ts';
import { runTestGit } from '../support/git.ts';
import { listBlocks, splitWords } from '../support/page-blocks.ts';
import { openPushWorld } from '../support/push-world.ts';
import { makeSvnRepository, runTestSvn } from '../support/svn.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const GUIDE = await readFile(new URL('../../docs/build-on-push.md', import.meta.url), 'utf8');
const BLOCKS = listBlocks(GUIDE).filter(({ mark }) => mark === 'run by test/end-to-end/build-on-push-guide.test.ts');
const [BEGIN = '', MAKE_SECRET = '', GIT_HOOK = '', SIGNING_HOOK = '', SVN_HOOK = '', SET_RULES = '', LIST = ''] =
  BLOCKS.map(({ text }) => text);

/** The guide as somebody follows it: a server, its command line, and a folder in the place of `/etc/slipway`. */
async function openWorld(t: { after(work: () => unknown): void }) {
  const world = await openPushWorld(t);
  const { server } = world;
  const folder = await temporaryFolder(t);
  const { username, apiKey } = server.admin;
  const variables = { SLIPWAY_URL: server.url, SLIPWAY_USERNAME: username, SLIPWAY_API_KEY: apiKey };
  const slipway = openCommandLine(folder, variables);
  const follow = async (block: string, app = 'calc') => {
    const printed: string[] = [];
    for (const line of block.trim().split('\n')) {
      const words = splitWords(line.replaceAll('calc', app));
      if (words[0] !== 'slipway') await promisify(execFile)('bash', ['-c', line], { cwd: folder });
      else {
        const { code, stdout, stderr } = await slipway.run(words.slice(1));
        assert.equal(code, 0, `${line}: ${stderr}`);
        printed.push(stdout);
      }
    }
    return printed;
  };
  const installHook = async (file: string, hook: string) => {
    const here = hook.replaceAll('/etc/slipway', folder).replaceAll('https://slipway.example.com', server.url);
    assert.notEqual(here, hook);
    await writeFile(file, here, { mode: 0o755 });
  };
  const newestBuild = (app: string, revision: string) =>
    until(`a package of ${revision}`, async () => {
      const packages = (await server.call('GET', `/api/1/apps/${app}/packages`)).body;
      return packages.find(
        (one: { Revision: string; Status: string }) => one.Revision === revision && one.Status === 'Succeeded',
      );
    });
  return { ...world, folder, slipway, follow, installHook, newestBuild };
}

/** Pushes a commit as a person does. @returns its id, and what the hook said */
async function pushCommit(clone: string, text: string) {
  await writeFile(join(clone, 'made.txt'), text);
  const git = (...args: string[]) => runTestGit(['-C', clone, ...args]);
  await git('add', '.');
  await git('commit', '-q', '-m', `Let it ${text}`);
  const { stderr } = await promisify(execFile)('git', ['-C', clone, 'push', 'origin', 'HEAD']);
  return { id: await git('rev-parse', 'HEAD'), told: stderr };
}

test('git push to a bare repository with the hook of the guide builds a package by itself', async (t) => {
  const { repository, folder, follow, installHook, newestBuild, slipway } = await openWorld(t);
  const [ruleSet = '', secretSet = ''] = await follow(BEGIN);
  assert.equal(ruleSet, 'Pushes to main of calc are built as next-patch, by admin.\n');
  assert.match(secretSet, /^Send pushes to {3}http:\S+\/hooks\/calc\nsigned with {6}whsec_\S{44}\n$/);
  await follow(MAKE_SECRET);
  const clone = join(folder, 'clone');
  await runTestGit(['clone', '-q', repository.path, clone]);
  await mkdir(join(repository.path, 'hooks'), { recursive: true });
  await installHook(join(repository.path, 'hooks/post-receive'), GIT_HOOK);
  const first = await pushCommit(clone, 'add');
  assert.match(first.told, /remote: \{"Accepted":true,"Message":"main is going to be built\."/);
  const built = await newestBuild('calc', first.id);
  assert.equal(built.Version, `1.0.0.${first.id.slice(0, 8)}`);
  assert.match(built.Description, /^Pushed by \S+: Let it add$/);
  const [list = ''] = await follow(LIST);
  assert.ok(list.includes(built.PackageId) && /main +\S{8} .*Succeeded/.test(list), list);

  await installHook(join(repository.path, 'hooks/post-receive'), SIGNING_HOOK);
  const second = await pushCommit(clone, 'subtract');
  assert.equal((await newestBuild('calc', second.id)).Version, `1.0.1.${second.id.slice(0, 8)}`);

  await writeFile(join(folder, 'push.header'), 'X-Slipway-Token: another\n');
  await installHook(join(repository.path, 'hooks/post-receive'), GIT_HOOK);
  assert.match((await pushCommit(clone, 'divide')).told, /Slipway was not told of this push/);
  const shown = await slipway.run(['push', 'secret', 'show', 'calc']);
  assert.match(shown.stdout, /^Send pushes to .*\nSecret set .*\nFormer one until /);
});

/** What `svn` says of the revision that it has made. */
const numberOf = (output: string) => /Committed revision (\d+)/.exec(output)?.[1] ?? assert.fail(output);

test('svn commit with the one line of the guide builds each branch that it changed', async (t) => {
  const { server, folder, follow, installHook, newestBuild } = await openWorld(t);
  const remote = await makeSvnRepository(join(folder, 'legacy'));
  await remote.commit('trunk', { 'model.txt': 'one' });
  await remote.commit('branches/feature', { 'model.txt': 'two' }, { from: 'trunk' });
  const created = await server.call('POST', '/manage/1/apps', { AppId: 'legacy', Repository: remote.path });
  assert.equal(created.status, 200, JSON.stringify(created.body));
  await follow(BEGIN, 'legacy');
  await follow('slipway push rule set calc "*" --version "2.5.*"', 'legacy');
  await follow(MAKE_SECRET, 'legacy');
  await installHook(join(remote.path, 'hooks/post-commit'), SVN_HOOK);
  const copy = join(folder, 'copy');
  await runTestSvn('svn', ['checkout', '-q', remote.url, copy]);
  await writeFile(join(copy, 'trunk/model.txt'), 'three');
  await writeFile(join(copy, 'branches/feature/model.txt'), 'four');
  await runTestSvn('svn', ['commit', '-q', '--username', 'Richard Ford', '-m', 'Both of them', copy]);
  const built = await until('both are built', async () => {
    const packages = (await server.call('GET', '/api/1/apps/legacy/packages')).body;
    return (
      packages.length === 2 && packages.every(({ Status }: { Status: string }) => Status === 'Succeeded') && packages
    );
  });
  const shown = built.map((one: Record<string, string>) => [one.Branch, one.Version, one.Description]);
  assert.deepEqual(shown.toSorted(), [
    ['branches/feature', '2.5.0.3', 'Pushed by Richard Ford: Both of them'],
    ['trunk', '1.0.0.3', 'Pushed by Richard Ford: Both of them'],
  ]);
  // Tags are commits, too: they start nothing, and take numbers.
  const copied = await runTestSvn('svn', [
    'copy',
    '-m',
    'A branch',
    `${remote.url}/trunk`,
    `${remote.url}/branches/new`,
  ]);
  assert.equal((await newestBuild('legacy', numberOf(copied))).Branch, 'branches/new');
  await runTestSvn('svn', ['delete', '-m', 'No branch', `${remote.url}/branches/new`]);
  await writeFile(join(copy, 'trunk/model.txt'), 'five');
  const number = numberOf(await runTestSvn('svn', ['commit', '-m', 'The main line', copy]));
  assert.equal((await newestBuild('legacy', number)).Version, `1.0.1.${number}`);
  const pushes = (await server.call('GET', '/manage/1/apps/legacy/pushes')).body;
  assert.equal(pushes.length, 4);
});

test('the rules of the guide are set, put in order and removed', async (t) => {
  const { follow, slipway } = await openWorld(t);
  const printed = await follow(SET_RULES);
  const rows = (printed.at(-2) ?? '').trimEnd().replaceAll(/ {2,}/g, ' | ').split('\n');
  assert.deepEqual(rows, [
    'BRANCH | VERSION | LATEST ONLY | BUILDS OF | DESCRIPTION',
    'main | next-minor | yes | admin',
    'branches/release-2.5* | 2.5.* | admin',
    'branches/feature/urgent | next-patch | admin',
    'branches/feature/* | 0.0.1 | yes | admin | To be tried',
  ]);
  assert.equal(printed.at(-1), 'The app calc has no push rule for feature/* any more.\n');
  const none = await slipway.run(['push', 'list', 'calc']);
  assert.match(none.stdout, /^There were no pushes to calc\./);
  for (const [args, code, words] of [
    ['rule set calc main --version 2', 4, /Version is '2': give next-patch/],
    ['rule remove calc nothing', 4, /no push rule for 'branches\/nothing'/],
    ['secret set calc --file absent.txt', 2, /absent\.txt cannot be read/],
    ['list nowhere', 4, /App not found/],
  ] as const) {
    const outcome = await slipway.run(['push', ...args.split(' ')]);
    assert.match(outcome.stderr, words);
    assert.equal(outcome.code, code, args);
  }
  const given = await slipway.run(['push', 'secret', 'set', 'calc', '--file', '-'], { stdin: 'a-secret-of-my-own\n' });
  assert.match(given.stdout, /the secret that you gave\n$/);
  const json = await slipway.run(['push', 'secret', 'set', 'calc', '--json']);
  assert.deepEqual(Object.keys(JSON.parse(json.stdout)), ['Url', 'Secret']);
});
