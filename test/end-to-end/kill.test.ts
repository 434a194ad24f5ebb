import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeTestRepository } from '../support/git.ts';
import { type Credentials, call } from '../support/server.ts';
import { startServerProcess } from '../support/server-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

/** After how many accepted builds each life of the server ends. */
const LIVES = [1, 4, 9, 16, 25];
const CLIENTS = 6;

/** What the clients were told, and may rely on from then on. */
interface Told {
  readonly accepted: Set<string>;
  readonly succeeded: Set<string>;
  readonly deleted: Set<string>;
  /** A deletion was asked for and not answered: it may have happened. */
  readonly perhapsDeleted: Set<string>;
}

test('after kill -9 in the middle of everything, every accepted build ends once and nothing is left over', async (t) => {
  const folder = await temporaryFolder(t);
  const dataFolder = join(folder, 'data');
  const source = await makeTestRepository(join(folder, 'source.git'));
  const revisions = await source.commit(
    Array.from({ length: 5 }, (_, index) => ({
      branch: 'main',
      files: { [`file-${index}`]: `${index}`.repeat(5000) },
    })),
  );
  const told: Told = { accepted: new Set(), succeeded: new Set(), deleted: new Set(), perhapsDeleted: new Set() };

  for (const [life, builds] of LIVES.entries()) {
    const before = told.accepted.size;
    const server = await startServerProcess(dataFolder);
    t.after(() => server.end('SIGKILL'));
    if (life === 0) {
      const app = { AppId: 'calc', Repository: source.path, MainBranch: 'main' };
      assert.equal((await call(server.url, 'POST', '/manage/1/apps', app, server.admin)).status, 200);
    }
    const clients = Array.from({ length: CLIENTS }, (_, index) =>
      useServer(server.url, server.admin, revisions, told, life * 100 + index),
    );
    await until('enough builds were accepted', () => told.accepted.size >= before + builds);
    assert.equal(await server.end('SIGKILL'), 'SIGKILL');
    await Promise.all(clients);
  }
  const server = await startServerProcess(dataFolder);
  t.after(() => server.end('SIGKILL'));
  const packages = '/api/1/apps/calc/packages';
  const list = await until('every build has ended', async () => {
    const { body } = await call(server.url, 'GET', packages, undefined, server.admin);
    const open = body.filter(({ Status }: { Status: string }) => !['Succeeded', 'Failed'].includes(Status));
    return open.length === 0 && body;
  });
  const byId = new Map<string, { Status: string; Sha256: string; Size: number }>(
    list.map((item: { PackageId: string }) => [item.PackageId, item]),
  );
  assert.equal(byId.size, list.length, 'a package is listed twice');

  for (const id of told.accepted) {
    if (told.deleted.has(id)) assert.ok(!byId.has(id), `${id} was deleted and is back`);
    else if (!told.perhapsDeleted.has(id)) assert.ok(byId.has(id), `${id} was accepted and is lost`);
  }
  for (const id of told.succeeded) if (byId.has(id)) assert.equal(byId.get(id)?.Status, 'Succeeded');

  for (const [id, { Status, Sha256, Size }] of byId) {
    if (Status !== 'Succeeded') continue;
    const response = await fetch(`${server.url}${packages}/${id}/download`, { headers: headersOf(server.admin) });
    const bytes = await response.bytes();
    assert.equal(bytes.length, Size);
    assert.equal(hash('sha256', bytes), Sha256);
  }

  const succeeded = list.filter(({ Status }: { Status: string }) => Status === 'Succeeded').length;
  assert.ok(succeeded > list.length / 2, `only ${succeeded} of ${list.length} builds succeeded`);
  await until('leftovers are swept', async () => {
    const files = await listFiles(join(dataFolder, 'packages'));
    return files.length === succeeded;
  });
  assert.deepEqual(await readdir(join(dataFolder, 'packages', 'tmp')), []);
  const logs = (await listFiles(join(dataFolder, 'logs'))).map((name) => name.replace('.log', ''));
  assert.deepEqual(
    logs.filter((id) => !byId.has(id)),
    [],
  );
  assert.deepEqual(await readdir(join(dataFolder, 'tmp')), []);
  await until('every tag is there', async () => {
    const tags = (await source.git(['tag'])).split('\n').filter((tag) => tag !== '');
    const wanted = list.filter(({ Status }: { Status: string }) => Status === 'Succeeded');
    return wanted.every(({ Version }: { Version: string }) => tags.includes(Version));
  });
  assert.equal(await server.end('SIGTERM'), 0);
  const unfinished = (await readdir(dataFolder, { recursive: true })).filter((name) =>
    /\.new$|\.lock$|tmp_/.test(name),
  );
  assert.deepEqual(unfinished, []);
});

/** Starts builds one after the other and deletes some, until the server is gone. */
async function useServer(
  url: string,
  credentials: Credentials,
  revisions: readonly string[],
  told: Told,
  seed: number,
): Promise<void> {
  const packages = '/api/1/apps/calc/packages';
  for (let count = 0; ; count += 1) {
    try {
      const Revision = revisions[(seed + count) % revisions.length];
      const started = await call(url, 'POST', packages, { Revision, Version: `1.${seed}.${count}` }, credentials);
      assert.equal(started.status, 200, JSON.stringify(started.body));
      const id: string = started.body.PackageId;
      told.accepted.add(id);
      const { body } = await call(url, 'GET', `${packages}/${id}?wait=5`, undefined, credentials);
      if (body.Status === 'Succeeded') told.succeeded.add(id);
      if (body.Status !== 'Succeeded' || count % 3 !== 0) continue;
      told.perhapsDeleted.add(id);
      const deleted = await call(url, 'DELETE', `${packages}/${id}`, undefined, credentials);
      if (deleted.status === 200) told.deleted.add(id);
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
      return;
    }
  }
}

function headersOf({ username, apiKey }: Credentials): Record<string, string> {
  return { 'Mendix-Username': username, 'Mendix-ApiKey': apiKey };
}

async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}
