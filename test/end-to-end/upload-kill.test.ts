import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { makeTestRepository } from '../support/git.ts';
import { noise } from '../support/made-content.ts';
import { makeMendixPackage, makeZip } from '../support/make-zip.ts';
import { type Answer, type Credentials, call } from '../support/server.ts';
import { type ServerProcess, startServerProcess } from '../support/server-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const PACKAGES = '/api/1/apps/calc/packages';
const V1 = `${PACKAGES}/upload`;
const V2 = '/api/v2/apps/calc/packages/upload';
/** After how many answered uploads each life of the server ends. */
const LIVES = [1, 4, 9];

async function openLives(t: TestContext) {
  const folder = await temporaryFolder(t);
  const dataFolder = join(folder, 'data');
  const source = await makeTestRepository(join(folder, 'source.git'));
  await source.commit([{ branch: 'main' }]);
  const begin = async (): Promise<ServerProcess> => {
    const server = await startServerProcess(dataFolder);
    t.after(() => server.end('SIGKILL'));
    const app = { AppId: 'calc', Repository: source.path, MainBranch: 'main' };
    await call(server.url, 'POST', '/manage/1/apps', app, server.admin);
    return server;
  };
  const files = async () => {
    const entries = await readdir(join(dataFolder, 'packages'), { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  };
  return { begin, files };
}

function headersOf({ username, apiKey }: Credentials): Record<string, string> {
  return { 'Mendix-Username': username, 'Mendix-ApiKey': apiKey };
}

async function list({ url, admin }: ServerProcess): Promise<Answer['body']> {
  return (await call(url, 'GET', PACKAGES, undefined, admin)).body;
}

async function untilEnded(server: ServerProcess): Promise<Answer['body']> {
  return await until('every upload has ended', async () => {
    const packages = await list(server);
    return packages.every(({ Status }: Answer['body']) => Status === 'Succeeded' || Status === 'Failed') && packages;
  });
}

test('of an upload that was cut by kill -9 in the middle, nothing is left', async (t) => {
  const { begin, files } = await openLives(t);
  const server = await begin();
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  const headers = { Host: hostname, 'Content-Length': '5000000', ...headersOf(server.admin) };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`POST ${V1} HTTP/1.1\r\n${lines.join('')}\r\n`);
  socket.write(Buffer.concat([Buffer.from('PK'), noise(1_000_000, 'a')]));
  await until('the server is writing', async () => (await files()).length === 1);
  await server.end('SIGKILL');
  socket.destroy();
  assert.deepEqual(await list(await begin()), []);
  assert.deepEqual(await files(), []);
});

test('an upload that was answered by kill -9 is checked by the next process, and its job ends', async (t) => {
  const { begin } = await openLives(t);
  const server = await begin();
  // So large that it takes a while to be checked.
  const zip = await makeZip({
    'zeros.bin': Buffer.alloc(60_000_000),
    'model/metadata.json': '{"ModelVersion":"7.8.9"}',
  });
  const options = { method: 'POST', headers: headersOf(server.admin), body: Buffer.from(zip) };
  const { PackageId, JobId } = (await (await fetch(server.url + V2, options)).json()) as Answer['body'];
  await server.end('SIGKILL');
  const next = await begin();
  const path = `/api/v2/apps/calc/jobs/${JobId}`;
  await until('the job has ended', async () => {
    const { body } = await call(next.url, 'GET', path, undefined, next.admin);
    assert.match(body.Status, /^(?:Queued|Running|Completed)$/);
    return body.Status === 'Completed';
  });
  const [found] = await list(next);
  assert.deepEqual([found.PackageId, found.Version, found.Sha256], [PackageId, '7.8.9', hash('sha256', zip)]);
});

test('after kill -9 at any instant a package is there whole or not at all, and what was answered is there', async (t) => {
  const { begin, files } = await openLives(t);
  const zip = await makeMendixPackage({ ModelVersion: '1.2.3' }, { 'model/a': noise(200_000, 'a').toString('latin1') });
  const told = { succeeded: new Set<string>(), received: new Set<string>() };
  for (const [life, uploads] of LIVES.entries()) {
    const server = await begin();
    const before = told.succeeded.size + told.received.size;
    const clients = [0, 1, 2, 3].map((client) => uploadForever(server, zip, told, life + client));
    await until('enough was answered', () => told.succeeded.size + told.received.size >= before + uploads);
    await server.end('SIGKILL');
    await Promise.all(clients);
  }
  const server = await begin();
  const packages = await untilEnded(server);
  const found = new Map<string, Answer['body']>(packages.map((item: Answer['body']) => [item.PackageId, item]));
  for (const id of [...told.succeeded, ...told.received]) assert.equal(found.get(id)?.Status, 'Succeeded', id);
  for (const { PackageId, Status, Version, Sha256 } of found.values()) {
    assert.deepEqual([Status, Version, Sha256], ['Succeeded', '1.2.3', hash('sha256', zip)]);
    const file = await fetch(`${server.url}${PACKAGES}/${PackageId}/download`, { headers: headersOf(server.admin) });
    assert.deepEqual(Buffer.from(await file.arrayBuffer()), zip);
  }
  await until('leftovers are swept', async () => (await files()).length === found.size);
});

/** Uploads one package after the other, by either call, until the server is gone. */
async function uploadForever(
  { url, admin }: ServerProcess,
  zip: Buffer,
  told: { readonly succeeded: Set<string>; readonly received: Set<string> },
  seed: number,
): Promise<void> {
  for (let count = seed; ; count += 1) {
    const isFirst = count % 2 === 0;
    const body = new FormData();
    body.set('file', new Blob([Buffer.from(zip)]), 'a.mda');
    const answer = await fetch(url + (isFirst ? V1 : V2), { method: 'POST', headers: headersOf(admin), body })
      .then((response) => response.json() as Promise<Answer['body']>)
      .catch(() => undefined);
    if (answer === undefined) return;
    assert.equal(typeof answer.PackageId, 'string', JSON.stringify(answer));
    (isFirst ? told.succeeded : told.received).add(answer.PackageId);
  }
}
