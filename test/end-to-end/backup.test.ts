import assert from 'node:assert/strict';
import { hash, randomBytes } from 'node:crypto';
import { access, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { environmentCalls } from '../support/environments.ts';
import { makeTestRepository } from '../support/git.ts';
import { makeMendixPackage } from '../support/make-zip.ts';
import { runSlipway, startSlipway } from '../support/run-slipway.ts';
import { type Answer, call } from '../support/server.ts';
import { type ServerProcess, startServerProcess } from '../support/server-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const PACKAGES = '/api/1/apps/calc/packages';
const BACKUPS = 2;

/** What the clients were told. */
interface Told {
  readonly succeeded: Map<string, string>;
  /** A deletion was asked for: it may have happened. */
  readonly perhapsDeleted: Set<string>;
}

async function openWorld(t: TestContext) {
  const folder = await temporaryFolder(t);
  const data = join(folder, 'data');
  const source = await makeTestRepository(join(folder, 'source.git'));
  const revisions = await source.commit(
    Array.from({ length: 4 }, (_, index) => ({ branch: 'main', files: { [`file-${index}`]: randomBytes(300_000) } })),
  );
  const server = await startServerProcess(data);
  t.after(() => server.end('SIGKILL'));
  const ask = (method: string, path: string, body?: unknown) => call(server.url, method, path, body, server.admin);
  await ask('POST', '/manage/1/apps', { AppId: 'calc', Repository: source.path, MainBranch: 'main' });
  const slipway = (...args: string[]) => runSlipway(t, folder, args);
  return {
    folder,
    data,
    revisions,
    server,
    ask,
    slipway,
    file: join(folder, 'backup.tar'),
    to: join(folder, 'restored'),
  };
}

function headersOf({ admin }: ServerProcess): Record<string, string> {
  return { 'Mendix-Username': admin.username, 'Mendix-ApiKey': admin.apiKey };
}

async function build(
  { server, revisions }: Pick<World, 'server' | 'revisions'>,
  version: string,
): Promise<Answer['body']> {
  const body = { Revision: revisions[version.length % revisions.length], Version: version };
  const started = await call(server.url, 'POST', PACKAGES, body, server.admin);
  assert.equal(started.status, 200, JSON.stringify(started.body));
  return await until('it has ended', async () => {
    const path = `${PACKAGES}/${started.body.PackageId}?wait=5`;
    const answer = await call(server.url, 'GET', path, undefined, server.admin);
    return ['Succeeded', 'Failed'].includes(answer.body.Status) && answer.body;
  });
}

type World = Awaited<ReturnType<typeof openWorld>>;

/** Builds and uploads packages, deletes some, and brings others into an environment, until it is told to stop. */
async function useServer(world: World, told: Told, client: number, signal: AbortSignal): Promise<void> {
  const zip = await makeMendixPackage({ ModelVersion: '1.2.3' }, { a: randomBytes(50_000).toString('hex') });
  const { transport, start } = environmentCalls(world.ask, `env-${client}`);
  await world.ask('POST', '/manage/1/apps/calc/environments', { Mode: `env-${client}` });
  for (let count = 0; !signal.aborted; count += 1) {
    const made = count % 2 === 0 ? await build(world, `1.${client}.${count}`) : await upload(world, zip);
    if (made.Status !== 'Succeeded') continue;
    told.succeeded.set(made.PackageId, made.Sha256);
    if (count % 4 === 0) await transport(made.PackageId).then(start);
    if (count % 3 === 0) continue;
    const [oldest] = [...told.succeeded.keys()].filter((id) => !told.perhapsDeleted.has(id));
    if (oldest === undefined) continue;
    told.perhapsDeleted.add(oldest);
    await world.ask('DELETE', `${PACKAGES}/${oldest}`);
  }
}

async function upload({ server, ask }: World, zip: Buffer): Promise<Answer['body']> {
  const form = new FormData();
  form.set('file', new Blob([Buffer.from(zip)]), 'a.mda');
  const response = await fetch(`${server.url}${PACKAGES}/upload`, {
    method: 'POST',
    headers: headersOf(server),
    body: form,
  });
  const { PackageId } = (await response.json()) as Answer['body'];
  return await until('it is checked', async () => {
    const { body } = await ask('GET', `${PACKAGES}/${PackageId}`);
    return ['Succeeded', 'Failed'].includes(body.Status) && body;
  });
}

test('a backup that is made while everything goes on is consistent, and a server goes on from it', async (t) => {
  const world = await openWorld(t);
  const told: Told = { succeeded: new Map(), perhapsDeleted: new Set() };
  const stopping = new AbortController();
  const clients = [0, 1, 2].map((client) => useServer(world, told, client, stopping.signal));
  let before = new Map<string, string>();
  for (let round = 0; round < BACKUPS; round += 1) {
    await until('more is done', () => told.succeeded.size >= 8 * (round + 1), 60_000);
    before = new Map(told.succeeded);
    const made = await world.slipway('backup', world.file, '--data', world.data, '--force', '--json');
    assert.equal(made.code, 0, made.stderr);
    assert.deepEqual(JSON.parse(made.stdout).Lost, []);
    const to = `${world.to}-${round}`;
    const restored = await world.slipway('restore', world.file, '--data', to, '--json');
    assert.equal(restored.code, 0, restored.stderr);
    assert.deepEqual(JSON.parse(restored.stdout).Lost, []);
    const doctor = await world.slipway('doctor', '--verify', '--data', to);
    assert.match(doctor.stdout, /✔ packages +(\d+) of \1 are sound/);
  }
  stopping.abort();
  await Promise.all(clients);
  await world.server.end('SIGKILL');
  const next = await startServerProcess(`${world.to}-${BACKUPS - 1}`);
  t.after(() => next.end('SIGKILL'));
  const ask = (path: string) => call(next.url, 'GET', path, undefined, next.admin);
  const list = await until('every build has ended', async () => {
    const { body } = await ask(PACKAGES);
    return body.every(({ Status }: Answer['body']) => ['Succeeded', 'Failed'].includes(Status)) && body;
  });
  const found = new Map<string, Answer['body']>(list.map((item: Answer['body']) => [item.PackageId, item]));
  for (const [id, sha256] of before) {
    if (!told.perhapsDeleted.has(id)) assert.equal(found.get(id)?.Sha256, sha256, `${id} is lost`);
  }
  for (const { PackageId, Status, Sha256 } of list) {
    assert.equal(Status, 'Succeeded');
    const response = await fetch(`${next.url}${PACKAGES}/${PackageId}/download`, { headers: headersOf(next) });
    assert.equal(hash('sha256', await response.bytes()), Sha256);
  }
  const environments = (await ask('/manage/1/apps/calc/environments')).body;
  assert.equal(environments.length, 3);
  for (const { PackageId, RunningPackageId } of environments) {
    for (const id of [PackageId, RunningPackageId]) assert.ok(id === null || found.has(id), String(id));
  }
});

const isThere = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

async function sizeOf(path: string): Promise<number> {
  return await stat(path).then(
    ({ size }) => size,
    () => -1,
  );
}

test('after kill -9 of a backup at any moment there is none under its name, and the next one clears up', async (t) => {
  const world = await openWorld(t);
  for (let at = 0; at < 8; at += 1) await build(world, `1.0.${at}`);
  for (const bytes of [0, 1, 2_000_000]) {
    const backup = startSlipway(t, world.folder, ['backup', world.file, '--data', world.data]);
    await until('it has written so much', async () => {
      const written = await sizeOf(join(`${world.file}.unfinished`, 'backup.tar'));
      return written >= bytes || (await isThere(world.file));
    });
    backup.process.kill('SIGKILL');
    await backup.ended;
    // It may have been quicker than the test.
    if (await isThere(world.file)) {
      const verified = await world.slipway('restore', '--verify', world.file);
      assert.equal(verified.code, 0, verified.stderr);
    }
  }
  const last = await world.slipway('backup', world.file, '--data', world.data, '--force');
  assert.equal(last.code, 0, last.stderr);
  assert.equal((await world.slipway('restore', '--verify', world.file)).code, 0);
  assert.deepEqual(
    (await readdir(world.folder)).filter((name) => name.startsWith('backup')),
    ['backup.tar'],
  );
});

test('a backup that is interrupted, or that nobody reads to its end, leaves nothing and says so', async (t) => {
  const world = await openWorld(t);
  for (let at = 0; at < 4; at += 1) await build(world, `1.0.${at}`);
  const backup = startSlipway(t, world.folder, ['backup', '-', '--data', world.data]);
  backup.process.stdout?.destroy();
  const unread = await backup.ended;
  assert.equal(unread.code, 8, unread.stderr);
  assert.match(unread.stderr, /stopped before its end: it is none/);
  const nowhere = await world.slipway('backup', join(world.folder, 'nowhere', 'a.tar'), '--data', world.data);
  assert.equal(nowhere.code, 2);
  assert.match(nowhere.stderr, /There is no folder .*nowhere for the backup: make it/);
  assert.equal(await isThere(join(world.folder, 'nowhere')), false);
  const stopped = startSlipway(t, world.folder, ['backup', world.file, '--data', world.data]);
  await until('it has begun', async () => (await isThere(`${world.file}.unfinished`)) || (await isThere(world.file)));
  stopped.process.kill('SIGINT');
  const { code } = await stopped.ended;
  // It may have been quicker than the signal.
  assert.equal(code, (await isThere(world.file)) ? 0 : 130);
  assert.equal(await isThere(`${world.file}.unfinished`), false);
});

test('after kill -9 of a restore at any moment no server starts on half of it, and the next one begins anew', async (t) => {
  const world = await openWorld(t);
  for (let at = 0; at < 8; at += 1) await build(world, `1.0.${at}`);
  assert.equal((await world.slipway('backup', world.file, '--data', world.data)).code, 0);
  const unfinished = join(world.to, 'restore.unfinished');
  const filesIn = async (folder: string) => (await readdir(folder, { recursive: true }).catch(() => [])).length;
  let halves = 0;
  for (const files of [1, 6, 12]) {
    const restore = startSlipway(t, world.folder, ['restore', world.file, '--data', world.to]);
    await until('it has restored so much', async () => {
      return (await filesIn(unfinished)) >= files || (await isThere(join(world.to, 'slipway.db')));
    });
    restore.process.kill('SIGKILL');
    await restore.ended;
    if (await isThere(join(world.to, 'slipway.db'))) break;
    halves += 1;
    const served = await world.slipway('serve', '--port', '0', '--data', world.to);
    assert.equal(served.code, 8);
    assert.match(served.stderr, /was cut off: run 'slipway restore' again/);
  }
  assert.ok(halves > 0);
  if (!(await isThere(join(world.to, 'slipway.db')))) {
    const restored = await world.slipway('restore', world.file, '--data', world.to);
    assert.equal(restored.code, 0, restored.stderr);
  }
  const doctor = await world.slipway('doctor', '--verify', '--data', world.to);
  assert.match(doctor.stdout, /✔ packages +8 of 8 are sound/);
});
