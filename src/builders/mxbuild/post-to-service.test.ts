import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { postToService } from './post-to-service.ts';
import { ServiceFault } from './service-fault.ts';

const forEver = new AbortController().signal;

/** A server on a socket, in a folder whose path is too long for one. */
async function listen(t: TestContext, server: Server) {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-test-'));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, 'socket');
  server.listen(path);
  t.after(() => server.close().closeAllConnections());
  await once(server, 'listening');
  const far = join(folder, 'x'.repeat(120));
  await mkdir(far);
  return { path, far };
}

test('what is posted arrives, and what is answered comes back, by a path of any length', async (t) => {
  const server = createServer(async (request, response) => {
    const body = (await Array.fromAsync(request)).join('');
    response.writeHead(201).end(`${request.method} ${request.url} ${body}`);
  });
  const { path, far } = await listen(t, server);
  assert.ok(far.length > 108);
  const answer = await postToService(`${far}/../socket`, '/build', { a: 'ü' }, forEver);
  assert.deepEqual(answer, { statusCode: 201, text: 'POST /build {"a":"ü"}' });
  assert.equal((await postToService(path, '/', {}, forEver)).statusCode, 201);
});

test('only a socket is connected to, and never what a link leads to', async (t) => {
  const { path, far } = await listen(
    t,
    createServer(() => assert.fail('it was reached')),
  );
  const refuses = (at: string, message: RegExp) =>
    assert.rejects(
      postToService(at, '/build', {}, forEver),
      (error) => error instanceof ServiceFault && message.test(error.message),
    );
  await symlink(path, join(far, 'link'));
  await refuses(join(far, 'link'), /no socket/);
  await writeFile(join(far, 'file'), '');
  await refuses(join(far, 'file'), /no socket/);
  await refuses(join(far, 'missing'), /ENOENT/);
});

test('an answer that breaks off, is too large or never comes ends the call', async (t) => {
  const paths: Record<string, (response: import('node:http').ServerResponse) => void> = {
    '/cut': (response) => response.destroy(),
    '/half': (response) => {
      response.writeHead(200, { 'content-length': 10 }).write('half', () => response.destroy());
    },
    '/large': (response) => response.end(Buffer.alloc(17 * 1024 * 1024, 'x')),
    '/hang': () => aborting.abort(new Error('canceled')),
  };
  const aborting = new AbortController();
  const { path } = await listen(
    t,
    createServer((request, response) => paths[request.url ?? '']?.(response)),
  );
  const call = (at: string) => postToService(path, at, {}, aborting.signal);
  await assert.rejects(call('/cut'), ServiceFault);
  await assert.rejects(call('/half'), ServiceFault);
  await assert.rejects(call('/large'), /more than 16777216 bytes/);
  await assert.rejects(call('/hang'), /^Error: canceled$/);
});
