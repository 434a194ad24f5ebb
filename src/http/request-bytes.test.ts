import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { discardBody, readRequestBytes } from './request-bytes.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** A connection on which a request has begun: its body is not whole. */
async function beginRequest(t: TestContext, handler: Handler): Promise<Socket> {
  const server = createServer(handler).listen(0, '127.0.0.1');
  t.after(() => server.close());
  t.after(() => server.closeAllConnections());
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\nfirst');
  return socket;
}

test('a client that falls silent in the middle of its body is let go', async (t) => {
  const failed = Promise.withResolvers<unknown>();
  await beginRequest(t, (request) => {
    Array.fromAsync(readRequestBytes(request, 50)).then(() => failed.reject(new Error('it was whole')), failed.resolve);
  });
  assert.match(String(await failed.promise), /aborted/);
});

test('once its body is whole, a client may be silent for as long as its answer takes', async (t) => {
  const socket = await beginRequest(t, async (request, response) => {
    const chunks = await Array.fromAsync(readRequestBytes(request, 10_000));
    const sizeBytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    assert.equal(request.socket.timeout, 0);
    response.end(`${sizeBytes} bytes`);
  });
  socket.write(Buffer.alloc(1_000_000 - 5));
  const [answer] = await once(socket, 'data');
  assert.match(String(answer), /1000000 bytes/);
});

test('a body that nobody reads further is thrown away for a while, and then its connection is ended', async (t) => {
  const refuse: Handler = async (request, response) => {
    for await (const chunk of readRequestBytes(request)) if (chunk.length > 0) break;
    discardBody(request, 300);
    response.writeHead(413).end('too large');
  };
  const socket = await beginRequest(t, refuse);
  const [answer] = await once(socket, 'data');
  assert.match(String(answer), /^HTTP\/1.1 413 .*too large/s);
  assert.equal(socket.destroyed, false);
  socket.write(Buffer.alloc(500_000));
  await once(socket, 'close');
});
