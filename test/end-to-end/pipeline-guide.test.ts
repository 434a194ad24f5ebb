import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { type CommandLine, type Outcome, openCommandLine } from '../support/command-line.ts';
import { makeTestRepository } from '../support/git.ts';
import { listBlocks, type PageBlock, splitWords } from '../support/page-blocks.ts';
import { type Credentials, startTestServer, type TestServer } from '../support/server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const GUIDE = new URL('../../docs/point-your-pipeline.md', import.meta.url);
const LOGIN = 'richard.ford51@example.com';
const ADDRESS = 'http://127.0.0.1:4400';

/** What docs/point-your-pipeline.md says is done, word for word, apart from the address and the repository. */
describe('the guide for pipelines', () => {
  const cleanups: (() => unknown)[] = [];
  const context = { after: (work: () => unknown) => void cleanups.push(work) };
  let folder: string;
  let server: TestServer;
  let slipway: CommandLine;
  let revision: string;
  let richard: Credentials;
  let blocks: readonly PageBlock[];

  before(async () => {
    blocks = listBlocks(await readFile(GUIDE, 'utf8'));
    folder = await temporaryFolder(context);
    server = await startTestServer(context);
    slipway = openCommandLine(folder, {
      SLIPWAY_URL: server.url,
      SLIPWAY_USERNAME: server.admin.username,
      SLIPWAY_API_KEY: server.admin.apiKey,
    });
    const repository = await makeTestRepository(join(folder, 'calc.git'), { mainBranch: 'main' });
    [revision = ''] = await repository.commit([{ branch: 'main', files: { 'README.md': 'calc\n' } }]);
  });
  after(async () => {
    for (const cleanup of cleanups.toReversed()) await cleanup();
  });

  test('its commands make the user, the key, the app and the right', async () => {
    const commands = textOf('bash', 1);
    const outcomes = new Map<string, Outcome>();
    for (const line of commands.trim().split('\n')) {
      const args = splitWords(line.replace('https://git.example.com/calc.git', join(folder, 'calc.git')));
      const outcome = await slipway.run(args.slice(1));
      assert.equal(outcome.code, 0, `${line}: ${outcome.stderr}`);
      outcomes.set(args.slice(1, 3).join(' '), outcome);
    }
    richard = { username: LOGIN, apiKey: (outcomes.get('key create')?.stdout ?? '').trim() };
    const { status, body } = await server.call('GET', '/api/1/apps/calc/packages', undefined, richard);
    assert.equal(status, 200);
    assert.deepEqual(body, []);
  });

  test('its script, with the one line changed, ends with the package', async () => {
    const { code, stdout, stderr } = await runScript(changedScript(), { REVISION: revision });
    assert.equal(code, 0, stderr);
    assert.equal(stdout.trim().split('\n').at(-1), 'Succeeded');
    const [newest] = (await server.call('GET', '/api/1/apps/calc/packages')).body;
    const bytes = await readFile(join(folder, 'package.mda'));
    assert.equal(createHash('sha256').update(bytes).digest('hex'), newest.Sha256);
    assert.equal(newest.Revision, revision);
    assert.equal(newest.Creator, 'Richard Ford');
    assert.match(newest.Version, /^2\.5\.4\./);
  });

  test('the script of the hosted service works as old ones have it: an integer revision, any case, any branch', async () => {
    const old = changedScript()
      .replace('Mendix-Username:', 'mendix-username:')
      .replace('APP=calc', 'APP=CALC')
      .replace('"Branch": "trunk"', '"Branch": "Main line"')
      .replace('--request "$1"', '--request "$1" --header \'Content-Type: text/plain\'');
    const { code, stderr } = await runScript(old, { REVISION: '1' });
    assert.equal(code, 0, stderr);
    const [newest] = (await server.call('GET', '/api/1/apps/calc/packages')).body;
    assert.equal(newest.Revision, revision);
    assert.equal(newest.Status, 'Succeeded');
  });

  test('a key that a pipeline has already is brought along', async () => {
    const key = '0b1d7e4e-7a43-4c09-9a3e-0d8a43d3e111';
    const [, command = ''] = /`slipway (key create \S+ --key -)`/.exec(await readFile(GUIDE, 'utf8')) ?? [];
    assert.equal((await slipway.run(command.split(' '), { stdin: `${key}\n` })).code, 0);
    const { status } = await server.call('GET', '/api/1/apps/calc/packages', undefined, { ...richard, apiKey: key });
    assert.equal(status, 200);
  });

  test('the newest revision is found both ways, by key and by token', async () => {
    const command = splitWords(textOf('bash', 3).trim()).slice(1);
    const token = (await slipway.run(command)).stdout.trim();
    const { ProjectId } = (await server.call('GET', '/manage/1/apps/calc')).body;
    const variables = { HOST: server.url, APP: 'calc', PROJECT_ID: ProjectId, MENDIX_PAT: token };
    const { code, stdout, stderr } = await runScript(textOf('bash', 2), variables);
    assert.deepEqual([code, stdout], [0, `1 ${revision}\n`], stderr);
  });

  function textOf(language: string, index: number): string {
    return blocks.filter((block) => block.language === language)[index]?.text ?? '';
  }

  /** The first script of the page with its diff applied, at the address of the server under test. */
  function changedScript(): string {
    const script = textOf('bash', 0);
    const diff = textOf('diff', 0).trim().split('\n');
    const [removed = '', added = '', ...rest] = diff;
    assert.deepEqual(rest, []);
    assert.ok(removed.startsWith('-') && added.startsWith('+'));
    assert.equal(script.split('\n').filter((line) => line === removed.slice(1)).length, 1);
    assert.ok(added.includes(ADDRESS));
    return script.replace(removed.slice(1), added.slice(1).replace(ADDRESS, server.url));
  }

  async function runScript(script: string, variables: Readonly<Record<string, string>>): Promise<Outcome> {
    const file = join(folder, 'pipeline.sh');
    await writeFile(file, script);
    const environment = { MENDIX_USERNAME: richard.username, MENDIX_API_KEY: richard.apiKey, POLL_SECONDS: '0.1' };
    const env = { PATH: process.env.PATH, ...environment, ...variables };
    return await promisify(execFile)('bash', [file], { cwd: folder, env }).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
    );
  }
});
