import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type CommandLine, type Outcome, openCommandLine } from '../support/command-line.ts';
import { makeTestRepository } from '../support/git.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

/** The commands against a whole server: what they print, what they leave, how they exit. */
describe('the command line', () => {
  const cleanups: (() => unknown)[] = [];
  const context = { after: (work: () => unknown) => void cleanups.push(work) };
  let folder: string;
  let server: TestServer;
  let slipway: CommandLine;
  let revision: string;

  before(async () => {
    folder = await temporaryFolder(context);
    server = await startTestServer(context, { buildSlots: 1 });
    slipway = openCommandLine(folder, {
      SLIPWAY_URL: server.url,
      SLIPWAY_USERNAME: server.admin.username,
      SLIPWAY_API_KEY: server.admin.apiKey,
    });
    const repository = await makeTestRepository(join(folder, 'calc.git'), { mainBranch: 'main' });
    const files = { 'README.md': 'calc\n' };
    [revision = ''] = await repository.commit([{ branch: 'main', files, message: 'First' }]);
    await succeed('app create calc --repository calc.git', '--name', 'Calculation App');
  });
  after(async () => {
    for (const cleanup of cleanups.toReversed()) await cleanup();
  });

  async function succeed(words: string, ...more: string[]): Promise<Outcome> {
    const outcome = await slipway.run([...words.split(' '), ...more]);
    assert.equal(outcome.code, 0, outcome.stderr);
    return outcome;
  }

  async function succeedJson(words: string, ...more: string[]) {
    return JSON.parse((await succeed(words, ...more, '--json')).stdout);
  }

  async function fail(words: string, ...more: string[]): Promise<{ exitCode: number; errorCode: string }> {
    const { code, stderr } = await slipway.run([...words.split(' '), ...more, '--json']);
    const error = JSON.parse(stderr.trim().split('\n').at(-1) ?? '');
    assert.equal(error.exitCode, code);
    return error;
  }

  async function build(...more: string[]) {
    return succeedJson('build start calc --version 2.5.4 --wait', '--revision', revision, ...more);
  }

  /** An app whose build goes on until it is canceled: its submodule is on a server that never answers. */
  async function createEndlessApp(appId: string): Promise<string> {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    cleanups.push(() => silent.close());
    const address = silent.address();
    const url = `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}/sub.git`;
    const repository = await makeTestRepository(join(folder, `${appId}.git`), { mainBranch: 'main' });
    const files = {
      '.gitmodules': `[submodule "sub"]\n\tpath = sub\n\turl = ${url}\n`,
      sub: { mode: '160000', content: '1'.repeat(40) },
    };
    const [head = ''] = await repository.commit([{ branch: 'main', files }]);
    await succeed(`app create ${appId} --repository ${appId}.git`);
    return head;
  }

  test('an app is created on a local path, listed, shown and deleted', async () => {
    const id = randomUUID();
    const created = await succeedJson(`app create second --repository ./calc.git --main main --project-id ${id}`);
    assert.equal(created.Repository, join(folder, 'calc.git'));
    assert.deepEqual([created.AppId, created.ProjectId, created.MainBranch], ['second', id, 'main']);
    assert.match((await succeed('app list')).stdout, /^APP +NAME +REPOSITORY\n(.*\n)*second +second +\S+calc\.git\n/);
    const shown = await succeedJson('app show calc');
    assert.equal(shown.Name, 'Calculation App');
    assert.match((await succeed('app show second')).stdout, /^Main line +main$/m);
    assert.equal((await succeed('app delete second')).stdout, 'Deleted the app second.\n');
    assert.deepEqual((await fail('app show second')).errorCode, 'APP_NOT_FOUND');
  });

  test('a user with a key and rights builds; without them it is refused', async () => {
    await succeed('user create richard@example.com', '--name', 'Richard Ford');
    const key = (await succeed('key create richard@example.com --name pipeline --expires 90d')).stdout.trim();
    assert.match(key, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    const richard = openCommandLine(folder, {
      SLIPWAY_URL: server.url,
      SLIPWAY_USERNAME: 'richard@example.com',
      SLIPWAY_API_KEY: key,
    });
    const start = ['build', 'start', 'calc', '--revision', revision, '--version', '1.0.0', '--wait'];
    assert.equal((await richard.run(start)).code, 4);
    await succeed('grant richard@example.com calc');
    assert.match((await succeed('app show calc')).stdout, /^API Rights +admin, richard@example\.com$/m);
    const built = await richard.run(start);
    assert.equal(built.code, 0, built.stderr);
    assert.match(built.stdout, /^Creator +Richard Ford$/m);
    assert.match((await richard.run(['app', 'show', 'calc'])).stdout, /^Name +Calculation App$/m);
    assert.equal((await richard.run(['user', 'list'])).code, 5);
    await succeed('revoke richard@example.com calc');
    assert.equal((await richard.run(['package', 'list', 'calc'])).code, 4);
    await succeed('user disable richard@example.com');
    assert.equal((await richard.run(['app', 'list'])).code, 5);
    assert.match((await succeed('user list')).stdout, /^richard@example\.com +Richard Ford +disabled/m);
  });

  test('keys are brought along, listed with their state, and revoked', async () => {
    await succeed('user create keys@example.com');
    const brought = randomUUID();
    const { Key } = await succeedJson(`key create keys@example.com --key ${brought}`);
    assert.equal(Key, brought);
    const piped = randomUUID();
    const create = ['key', 'create', 'keys@example.com', '--key', '-'];
    assert.equal((await slipway.run(create, { stdin: `${piped}\nignored\n` })).stdout.trim(), piped);
    const listed = await succeedJson('key list keys@example.com');
    assert.equal(listed.length, 2);
    const until = '2999-01-31';
    await succeed(`key create keys@example.com --name long --expires ${until}`);
    assert.match((await succeed('key list keys@example.com')).stdout, / long +expires in \d+ days /);
    await succeed(`key revoke keys@example.com ${listed[0].KeyId}`);
    assert.match((await succeed('key list keys@example.com')).stdout, new RegExp(`${listed[0].KeyId} .* revoked `));
    for (const wrong of ['5', 'soon', '2001-01-31', '-3d']) {
      assert.equal((await fail(`key create keys@example.com --expires=${wrong}`)).exitCode, 2, wrong);
    }
  });

  test('a build answers its PackageId, or waits, or shows its log', async () => {
    const start = ['build', 'start', 'calc', '--version', '2.5.4', '--description', 'Add scientific mode'];
    const started = await slipway.run([...start, '--revision', revision]);
    assert.match(started.stdout, /^[0-9a-f-]{36}\n$/);
    const id = started.stdout.trim();
    const waited = await succeedJson(`build wait calc ${id}`);
    assert.deepEqual([waited.PackageId, waited.Status, waited.Description], [id, 'Succeeded', 'Add scientific mode']);
    assert.equal(waited.Version, `2.5.4.${revision.slice(0, 8)}`);
    assert.ok(waited.Url.Location.startsWith(server.url));
    const followed = await slipway.run([...start, '--revision', '1', '--follow']);
    assert.equal(followed.code, 0, followed.stderr);
    assert.match(followed.stdout, /^Package +Main line-2\.5\.4\.1\.mda$/m);
    assert.match(followed.stderr, /^Succeeded Main line-2\.5\.4\.1\.mda$/m);
    const log = (await succeed(`build log calc ${id}`)).stdout;
    assert.ok(log.length > 0);
    assert.equal((await succeed(`build log calc ${id} --follow`)).stdout, log);
    const lines = (await succeed(`build log calc ${id} --json`)).stdout.trim().split('\n');
    assert.ok(lines.every((line) => typeof JSON.parse(line) === 'object'));
  });

  test('a build is canceled, and waiting for it exits with the code of a failed build', async () => {
    const head = await createEndlessApp('endless');
    const id = (await succeed(`build start endless --revision ${head} --version 1.0.0`)).stdout.trim();
    assert.equal((await fail(`build wait endless ${id} --timeout 200ms`)).exitCode, 7);
    assert.equal((await fail(`app delete endless`)).errorCode, 'APP_IN_USE');
    await succeed(`build cancel endless ${id}`);
    const waited = await slipway.run(['build', 'wait', 'endless', id, '--follow']);
    assert.equal(waited.code, 3);
    assert.match(waited.stdout, /^Status +Failed$/m);
    assert.match(waited.stderr, /^The build of Main line-1\.0\.0\.\S+ failed: .*cancel/m);
    assert.equal((await fail(`build cancel endless ${id}`)).errorCode, 'BUILD_ALREADY_ENDED');
  });

  test('packages are listed, shown, downloaded and deleted', async () => {
    const built = await build();
    const list = await succeedJson('package list calc --limit 1');
    assert.deepEqual([list.length, list[0].PackageId], [1, built.PackageId]);
    const row = new RegExp(`^${built.Name} +Succeeded +\\d.*B +(?:.* ago|just now) +\\S+ +${built.PackageId}$`, 'm');
    assert.match((await succeed('package list calc')).stdout, row);
    assert.match(
      (await succeed(`package show calc ${built.PackageId}`)).stdout,
      new RegExp(`^SHA256 +${built.Sha256}$`, 'm'),
    );
    await succeed(`package download calc ${built.PackageId}`);
    assert.equal((await readFile(join(folder, built.Name))).length, built.Size);
    const other = await succeedJson(`package download calc ${built.PackageId} --output other.mda`);
    assert.deepEqual([other.File, other.Sha256], [join(folder, 'other.mda'), built.Sha256]);
    assert.deepEqual(await readFile(join(folder, built.Name)), await readFile(other.File));
    await succeed(`package delete calc ${built.PackageId}`);
    assert.equal((await fail(`package show calc ${built.PackageId}`)).errorCode, 'PACKAGE_NOT_FOUND');
  });

  test('a file that does not arrive as it should is not kept', async () => {
    const built = await build('--description', 'damaged');
    const stored = join(server.dataFolder, 'packages');
    for (const entry of await readdir(stored, { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) await flipFirstByte(join(entry.parentPath, entry.name));
    }
    const { exitCode, errorCode } = await fail(`package download calc ${built.PackageId} -o damaged.mda`);
    assert.deepEqual([exitCode, errorCode], [8, 'DOWNLOAD_DAMAGED']);
    const left = (await readdir(folder)).filter((name) => name.includes('damaged') || name.includes('.part'));
    assert.deepEqual(left, []);
  });

  test('the audit names who did what', async () => {
    await succeed('user create audited@example.com');
    const [entry] = await succeedJson('audit list --limit 1');
    assert.equal(entry.Login, 'admin');
    assert.match((await succeed('audit list')).stdout, /audited@example\.com/);
  });

  test('exit codes tell usage, refusal, missing credentials and a server that is not there apart', async () => {
    const codes = [
      await fail('build start calc --revision 1'),
      await fail('package list calc --limit 0'),
      await fail('nonsense'),
      await fail('package list nosuchapp'),
      await fail('build start calc --version 1 --revision 1'),
      await fail('app list --username nobody'),
      await fail('app list --url http://127.0.0.1:1'),
      await fail('app list --url nonsense'),
    ].map(({ exitCode, errorCode }) => `${exitCode} ${errorCode}`);
    assert.deepEqual(codes, [
      '2 USAGE',
      '2 USAGE',
      '2 USAGE',
      '4 INVALID_APPID',
      '4 INVALID_VERSION',
      '5 UNAUTHORIZED',
      '6 UNREACHABLE',
      '2 INVALID_URL',
    ]);
  });

  test('an interrupted command exits with 130 and says nothing', async () => {
    const outcome = await slipway.run(['app', 'list'], { signal: AbortSignal.abort() });
    assert.deepEqual(outcome, { code: 130, stdout: '', stderr: '' });
  });

  test('a free app is created, shows where its packages are, and becomes a licensed one', async () => {
    const created = await succeedJson('app create gift --free --repository calc.git');
    assert.equal(created.License, 'free');
    const { PackageId } = await succeedJson('build start gift --version 2.5.4 --wait', '--revision', revision);
    await until('the package is deployed', async () => {
      const { stdout } = await succeed(`package show gift ${PackageId}`);
      return /^Deployed +done$/m.test(stdout);
    });
    assert.match((await succeed('environment list gift')).stdout, /Sandbox +Running/);
    assert.equal((await succeedJson('app update gift --no-free')).License, 'licensed');
    assert.match((await succeed('app show gift')).stdout, /^License +licensed$/m);
  });
});

async function flipFirstByte(path: string): Promise<void> {
  const bytes = await readFile(path);
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  await writeFile(path, bytes);
}
