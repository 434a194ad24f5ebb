import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import fastify from 'fastify';
import { limitBodyTime } from './body-time.ts';

test('a body has its time, and one that may be large has more', async (t) => {
  const app = fastify({ clientErrorHandler: (error, socket) => void socket.end(`refused: ${error.code}`) });
  t.after(() => app.close());
  app.addHook('onRequest', async (request) => limitBodyTime(request, 1000));
  app.post('/small', async () => 'small');
  app.post('/large', { config: { largeBody: true } }, async () => 'large');
  await app.listen({ host: '127.0.0.1', port: 0 });
  const begin = (path: string) => {
    const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1');
    socket.write(`POST ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n`);
    socket.write('Content-Type: text/plain\r\nContent-Length: 4\r\n\r\nab');
    return socket;
  };
  const large = begin('/large');
  await once(large, 'connect');
  // Begun later, and over first.
  assert.equal(await text(begin('/small')), 'refused: ERR_HTTP_REQUEST_TIMEOUT');
  large.write('cd');
  assert.match(await text(large), /large$/);
  const whole = begin('/small');
  whole.write('cd');
  assert.match(await text(whole), /small$/);
});
