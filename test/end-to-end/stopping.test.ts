import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeTestRepository } from '../support/git.ts';
import { startGitHttp } from '../support/git-servers.ts';
import { makeHeldRepository } from '../support/held-repository.ts';
import { type Credentials, call, startTestServer } from '../support/server.ts';
import { startServerProcess } from '../support/server-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const ONE_SLOT = { SLIPWAY_BUILD_SLOTS: '1', SLIPWAY_REPOSITORY_TIMEOUT: '5m' };

/** A running server of any kind. */
interface Served {
  readonly url: string;
  readonly admin: Credentials;
}

async function createApp({ url, admin }: Served, AppId: string, Repository: string): Promise<void> {
  assert.equal((await call(url, 'POST', '/manage/1/apps', { AppId, Repository }, admin)).status, 200);
}

async function startBuild({ url, admin }: Served, appId: string, version: string): Promise<string> {
  const body = { Revision: '1', Version: version };
  const answer = await call(url, 'POST', `/api/1/apps/${appId}/packages`, body, admin);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body.PackageId;
}

async function statusOf({ url, admin }: Served, appId: string, id: string): Promise<string> {
  return (await call(url, 'GET', `/api/1/apps/${appId}/packages/${id}`, undefined, admin)).body.Status;
}

function untilBuilt(served: Served, appId: string, id: string): Promise<unknown> {
  return until('it is built', async () => (await statusOf(served, appId, id)) === 'Succeeded', 60_000);
}

/** What the log of a build says, without the times. */
async function logOf(dataFolder: string, packageId: string): Promise<readonly string[]> {
  const folder = join(dataFolder, 'logs');
  const text = await readFile(join(folder, packageId.slice(0, 2), `${packageId}.log`), 'utf8').catch(() => '');
  return text.split('\n').map((line) => line.replace(/^\S+ /, ''));
}

async function setUp(context: { after(work: () => unknown): void }) {
  const folder = await temporaryFolder(context);
  const held = await makeHeldRepository(context, folder);
  const calc = await makeTestRepository(join(folder, 'calc.git'));
  await calc.commit([{ branch: 'master', files: { a: 'a' } }]);
  return { folder, dataFolder: join(folder, 'data'), held, calc };
}

/** Asserts that builds ended as Succeeded, in so many attempts, and that nothing was done twice. */
async function assertBuilt(dataFolder: string, ids: readonly string[], attempts: number): Promise<void> {
  for (const id of ids) {
    const lines = await logOf(dataFolder, id);
    assert.equal(lines.filter((line) => line.startsWith('Building ')).length, attempts, lines.join('\n'));
    assert.ok(lines.some((line) => line.endsWith(`, attempt ${attempts}.`)));
    assert.equal(lines.filter((line) => line.startsWith('Succeeded: ')).length, 1, lines.join('\n'));
  }
}

test('after SIGTERM nothing new is taken, a running build finishes, and the queue is built by the next start', async (context) => {
  const { dataFolder, held, calc } = await setUp(context);
  const server = await startServerProcess(dataFolder, { ...ONE_SLOT, SLIPWAY_SHUTDOWN_GRACE: '5m' });
  context.after(() => server.end('SIGKILL'));
  await createApp(server, 'held', held.path);
  await createApp(server, 'calc', calc.path);
  const running = await startBuild(server, 'held', '1.0.0');
  await until('the build runs', async () => (await statusOf(server, 'held', running)) === 'Building');
  const queued: string[] = [];
  for (let count = 0; count < 5; count++) queued.push(await startBuild(server, 'calc', `1.0.${count}`));

  const ended = server.end('SIGTERM');
  await until('a build is refused', async () => {
    const answer = await startBuild(server, 'calc', `2.0.${queued.length}`).catch((error: unknown) => error);
    if (typeof answer !== 'string') return answer instanceof TypeError;
    queued.push(answer);
    return false;
  });
  held.release();
  assert.equal(await ended, 0);
  await assertBuilt(dataFolder, [running], 1);
  for (const id of queued) assert.deepEqual(await logOf(dataFolder, id), ['']);

  const next = await startServerProcess(dataFolder, ONE_SLOT);
  context.after(() => next.end('SIGKILL'));
  assert.equal(await statusOf(next, 'held', running), 'Succeeded');
  for (const id of queued) await untilBuilt(next, 'calc', id);
  await assertBuilt(dataFolder, queued, 1);
  assert.equal(await next.end('SIGTERM'), 0);
});

test('what still runs when the grace is over is given back, and the next start builds it', async (context) => {
  const { dataFolder, held, calc } = await setUp(context);
  const server = await startServerProcess(dataFolder, { ...ONE_SLOT, SLIPWAY_SHUTDOWN_GRACE: '100ms' });
  context.after(() => server.end('SIGKILL'));
  await createApp(server, 'held', held.path);
  await createApp(server, 'calc', calc.path);
  const running = await startBuild(server, 'held', '1.0.0');
  await until('its submodule is asked for', () => held.asked() > 0);
  const queued = await startBuild(server, 'calc', '1.0.0');
  assert.equal(await server.end('SIGTERM'), 0);
  const log = await logOf(dataFolder, running);
  assert.equal(log.at(-2), 'The server is stopping: the build is queued again.');

  held.release();
  const next = await startServerProcess(dataFolder, ONE_SLOT);
  context.after(() => next.end('SIGKILL'));
  await untilBuilt(next, 'held', running);
  await untilBuilt(next, 'calc', queued);
  await assertBuilt(dataFolder, [running], 2);
  await assertBuilt(dataFolder, [queued], 1);
  assert.equal(await next.end('SIGTERM'), 0);
});

test('a slow request that is still being answered does not let a stopping server begin builds', async (context) => {
  const { folder, dataFolder, held, calc } = await setUp(context);
  await mkdir(join(folder, 'slow'));
  const slow = await makeTestRepository(join(folder, 'slow', 'slow.git'));
  await slow.commit([{ branch: 'master', files: { a: 'a' } }]);
  const gate = Promise.withResolvers<void>();
  const git = await startGitHttp(join(folder, 'slow'), undefined, () => gate.promise);
  context.after(git.stop);
  const server = await startTestServer(context, { dataFolder, buildSlots: 1 });
  await createApp(server, 'held', held.path);
  await createApp(server, 'calc', calc.path);
  await createApp(server, 'slow', `${git.url}slow.git`);
  const running = await startBuild(server, 'held', '1.0.0');
  await until('the build runs', async () => (await statusOf(server, 'held', running)) === 'Building');
  const queued = await startBuild(server, 'calc', '1.0.0');
  const answering = startBuild(server, 'slow', '1.0.0');
  await until('the slow repository is asked', () => git.count() > 0);

  const stopped = server.stop();
  held.release();
  await until('the running build ends', async () => {
    return (await logOf(dataFolder, running)).some((line) => line.startsWith('Succeeded: '));
  });
  gate.resolve();
  const late = await answering;
  await stopped;
  for (const id of [queued, late]) assert.deepEqual(await logOf(dataFolder, id), ['']);
  const next = await startServerProcess(dataFolder);
  context.after(() => next.end('SIGKILL'));
  await untilBuilt(next, 'calc', queued);
  await untilBuilt(next, 'slow', late);
  assert.equal(await next.end('SIGTERM'), 0);
});
