import assert from 'node:assert/strict';
import type { LookupAddress } from 'node:dns';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { makeCertificate } from '../../test/support/certificates.ts';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { type PostAnswer, type PostOptions, postMessage } from './post-message.ts';
import type { Resolve } from './reach.ts';

const LOOPBACK = ['127.0.0.1', '::1'];

/** A server on loopback that speaks as it is told. @returns its port, and how many connections it had */
async function serve(t: TestContext, answer: string | ((socket: Socket) => void), host = '127.0.0.1') {
  const seen = { connections: 0 };
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    seen.connections += 1;
    sockets.add(socket.on('error', () => undefined));
    socket.once('data', () => (typeof answer === 'string' ? socket.end(answer) : answer(socket)));
  });
  server.listen(0, host);
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return { port: address !== null && typeof address === 'object' ? address.port : 0, seen };
}

const OK = 'HTTP/1.1 200 OK\r\nX-Trace: 1\r\nX-Trace: 2\r\nContent-Length: 2\r\n\r\nOK';

/** Posts to a URL. @returns what was answered, as `<status> <text>`, or why nothing was */
async function post(url: string, options: Partial<PostOptions> = {}, signal = new AbortController().signal) {
  const all = { networks: LOOPBACK, answerMs: 5000, ...options };
  return describe(await postMessage(all, { url, headers: { 'x-own': '1' }, body: '{}' }, signal));
}

function describe(answer: PostAnswer): string {
  return answer.kind === 'answered' ? `${answer.status} ${answer.text}` : answer.error;
}

/** A name server that answers with these, one after the other, and then with the last one again. */
function answering(...answers: readonly (readonly string[])[]): Resolve & { asked: number } {
  const resolve = async (): Promise<LookupAddress[]> => {
    const addresses = answers[Math.min(resolve.asked++, answers.length - 1)] ?? [];
    return addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  };
  resolve.asked = 0;
  return resolve;
}

test('an answer comes with its status, its headers and its body', async (t) => {
  const { port } = await serve(t, OK);
  const posting = { url: `http://127.0.0.1:${port}/`, headers: {}, body: '{}' };
  const answer = await postMessage({ networks: LOOPBACK, answerMs: 5000 }, posting, new AbortController().signal);
  assert.deepEqual(answer, {
    kind: 'answered',
    status: 200,
    headers: { 'x-trace': '1, 2', 'content-length': '2' },
    text: 'OK',
  });
});

test('what webhooks may not reach is not connected to, by number or by name', async (t) => {
  const { port, seen } = await serve(t, OK);
  for (const host of ['127.0.0.1', '2130706433', '0x7f.1', 'localhost', '[::ffff:127.0.0.1]', '[::1]']) {
    assert.match(await post(`http://${host}:${port}/`, { networks: [] }), /webhooks may not reach: /, host);
  }
  for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1', '10.0.0.1', '64:ff9b::7f00:1', 'fe80::1', '0.0.0.0']) {
    const said = await post(`http://rebound.example:${port}/`, { networks: [], resolve: answering([address]) });
    assert.ok(said.startsWith(`rebound.example:${port} leads to ${address}, which webhooks may not reach: `), said);
  }
  assert.match(
    await post(`http://x.example:${port}/`, { resolve: answering([]) }),
    /^x\.example:\d+ could not be asked: it has no address\.$/,
  );
  assert.equal(seen.connections, 0);
});

test('what a name server says later leads nowhere else: the address that was checked is connected to', async (t) => {
  const { port, seen } = await serve(t, OK);
  const rebinding = answering(['127.0.0.1'], ['10.0.0.1']);
  assert.equal(await post(`http://rebound.example:${port}/`, { resolve: rebinding }), '200 OK');
  assert.equal(rebinding.asked, 1);
  assert.match(await post(`http://rebound.example:${port}/`, { resolve: rebinding }), /leads to 10\.0\.0\.1, which/);
  assert.equal(seen.connections, 1);
});

test('of several addresses only those that may be reached are tried', async (t) => {
  const { port } = await serve(t, OK);
  const refused = await serve(t, OK, '127.0.0.2');
  const resolve = answering(['127.0.0.2', '::ffff:127.0.0.2', '127.0.0.1']);
  assert.equal(await post(`http://both.example:${port}/`, { networks: ['127.0.0.1'], resolve }), '200 OK');
  assert.equal(refused.seen.connections, 0);
});

test('what is no answer is a failure in a sentence', async (t) => {
  const hangs = await serve(t, () => {});
  const url = ({ port }: { readonly port: number }) => `http://127.0.0.1:${port}/`;
  assert.match(await post(url(hangs), { answerMs: 50 }), /^127\.0\.0\.1:\d+ did not answer within 0\.05 s\.$/);
  const resolve = () => new Promise<never>(() => {});
  assert.match(await post('http://slow.example/', { answerMs: 50, resolve }), /did not answer within/);
  assert.match(await post(url(await serve(t, (socket) => socket.destroy()))), / cut the connection/);
  assert.match(await post(url(await serve(t, 'SSH-2.0-OpenSSH\r\n'))), / gave an answer that is no HTTP/);
  assert.match(await post(url(await serve(t, (socket) => socket.end()))), / cut the connection/);
  const many = `HTTP/1.1 200 OK\r\n${'X-Much: abcdefgh\r\n'.repeat(10_000)}\r\n`;
  assert.match(await post(url(await serve(t, many))), /\(HPE_HEADER_OVERFLOW\)/);
  const closed = new Error('queryA ESERVFAIL', { cause: undefined });
  assert.match(
    await post('http://x.example/', { resolve: () => Promise.reject(closed) }),
    /^x\.example could not be asked: queryA ESERVFAIL\.$/,
  );
});

test('an endpoint that changes the protocol or only ever begins has not answered', async (t) => {
  const url = ({ port }: { readonly port: number }) => `http://127.0.0.1:${port}/`;
  const upgraded = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
  const upgrading = await serve(t, (socket) => void socket.write(upgraded));
  assert.match(await post(url(upgrading)), /^127\.0\.0\.1:\d+ could not be asked: it answered 101, .* not HTTP\.$/);
  const beginning = await serve(t, (socket) => {
    const write = (): void =>
      void (socket.destroyed || socket.write('HTTP/1.1 103 Early Hints\r\n\r\n', () => setTimeout(write, 5)));
    write();
  });
  assert.match(await post(url(beginning), { answerMs: 100 }), /did not answer within/);
});

test('a certificate that nobody vouches for is not trusted', async (t) => {
  const { certFile, keyFile } = await makeCertificate(await temporaryFolder(t), 'forged');
  const tls = { cert: await readFile(certFile), key: await readFile(keyFile) };
  const server = createHttpsServer(tls, (_request, response) => response.end('OK')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const said = await post(`https://localhost:${port}/`);
  assert.match(said, /^localhost:\d+ has a certificate that is not trusted \(DEPTH_ZERO_SELF_SIGNED_CERT\)\.$/);
});

test('of a body that breaks off or never ends the beginning is kept', async (t) => {
  const head = 'HTTP/1.1 500 Oops\r\nTransfer-Encoding: chunked\r\n\r\n';
  const cut = await serve(t, (socket) => socket.write(`${head}4\r\na\0bc\r\n`, () => socket.end()));
  assert.equal(await post(`http://127.0.0.1:${cut.port}/`), '500 a\u{fffd}bc');
  const chunk = `1000\r\n${'x'.repeat(4096)}\r\n`;
  const endless = await serve(t, (socket) => {
    const write = (): void => void (socket.destroyed || socket.write(chunk, () => setImmediate(write)));
    socket.write(head, write);
  });
  assert.equal(await post(`http://127.0.0.1:${endless.port}/`), `500 ${'x'.repeat(4096)}`);
});

test('who stops gets no answer but the reason', async (t) => {
  const { port } = await serve(t, () => stopping.abort(new Error('stop')));
  const stopping = new AbortController();
  await assert.rejects(post(`http://127.0.0.1:${port}/`, {}, stopping.signal), /^Error: stop$/);
  await assert.rejects(post(`http://127.0.0.1:${port}/`, {}, stopping.signal), /^Error: stop$/);
});
