import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { type TestContext, test } from 'node:test';
import { createClient } from './client.ts';
import { ClientError } from './client-error.ts';

interface Heard {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

type Reply = Parameters<RequestListener>[1];

/** A server that answers as it is told, whatever it is asked, and remembers what that was. */
async function listen(context: TestContext, answer: (reply: Reply, count: number) => void) {
  const heard: Heard[] = [];
  const server = createServer(async (request, reply) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method, url, headers } = request;
    heard.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
    answer(reply, heard.length);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  return { url: `http://127.0.0.1:${port}`, heard };
}

function answerJson(reply: Reply, status: number, body: unknown): void {
  reply.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function failureOf(call: Promise<unknown>): Promise<ClientError> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof ClientError, String(error));
  return error;
}

test('a call carries the credentials, and its names are encoded', async (context) => {
  const { url, heard } = await listen(context, (reply) => answerJson(reply, 200, {}));
  const client = createClient({ url: `${url}/`, username: 'a@example.com', apiKey: 'key' });
  await client.getPackage('a/b', 'ü?', { url: true });
  assert.equal(heard[0]?.url, '/api/1/apps/a%2Fb/packages/%C3%BC%3F?url=true');
  assert.equal(heard[0]?.headers['mendix-username'], 'a@example.com');
  assert.equal(heard[0]?.headers['mendix-apikey'], 'key');
  assert.equal(heard[0]?.headers['content-type'], undefined);
});

test('names that would change the path are not sent', async (context) => {
  const { url, heard } = await listen(context, (reply) => answerJson(reply, 200, {}));
  const client = createClient({ url });
  for (const name of ['', '.', '..']) {
    assert.throws(() => client.deleteApp(name), ClientError);
    assert.throws(() => client.deletePackage('calc', name), ClientError);
  }
  assert.deepEqual(heard, []);
});

test('a build that is started again after a broken answer carries the same Idempotency-Key', async (context) => {
  const { url, heard } = await listen(context, (reply, count) => {
    if (count === 1) reply.destroy();
    else answerJson(reply, 200, { PackageId: 'id' });
  });
  const answer = await createClient({ url }).startBuild('calc', { Revision: '1', Version: '1.0.0' }, 'once');
  assert.deepEqual(answer, { PackageId: 'id' });
  assert.deepEqual(
    heard.map(({ method, body, headers }) => [method, body, headers['idempotency-key']]),
    Array(2).fill(['POST', '{"Revision":"1","Version":"1.0.0"}', 'once']),
  );
});

test('a call that must not happen twice is not repeated', async (context) => {
  const { url, heard } = await listen(context, (reply) => reply.destroy());
  assert.equal((await failureOf(createClient({ url }).createKey('a', {}))).code, 'UNREACHABLE');
  assert.equal(heard.length, 1);
});

test('a server that is shutting down is asked again', async (context) => {
  const { url } = await listen(context, (reply, count) =>
    count === 1
      ? answerJson(reply, 503, { errorCode: 'SHUTTING_DOWN', errorMessage: 'Later.' })
      : answerJson(reply, 200, []),
  );
  assert.deepEqual(await createClient({ url }).listApps(), []);
});

test('an error answer becomes a ClientError with its code, status and message', async (context) => {
  const { url } = await listen(context, (reply) =>
    answerJson(reply, 404, { errorCode: 'APP_NOT_FOUND', errorMessage: 'App not found.' }),
  );
  const { code, status, message } = await failureOf(createClient({ url }).getApp('x'));
  assert.deepEqual([code, status, message], ['APP_NOT_FOUND', 404, 'App not found.']);
});

test('what does not come from Slipway is said to be so', async (context) => {
  const page = await listen(context, (reply) => reply.writeHead(200).end('<html>'));
  assert.match((await failureOf(createClient(page).listApps())).message, /not JSON; is it a Slipway server\?/);
  const gate = await listen(context, (reply) => reply.writeHead(302, { location: 'https://login.example/' }).end());
  assert.match((await failureOf(createClient(gate).listApps())).message, /redirects to https:\/\/login\.example\//);
  const wrong = await listen(context, (reply) => reply.writeHead(418).end('teapot'));
  assert.match((await failureOf(createClient(wrong).listApps())).message, /answered 418/);
});

test('a server that is not there, and an address that is none, are told apart', async (context) => {
  const { url } = await listen(context, (reply) => answerJson(reply, 200, {}));
  const dead = url.replace(/\d+$/, '1');
  assert.equal((await failureOf(createClient({ url: dead }).me())).code, 'UNREACHABLE');
  assert.equal((await failureOf(createClient({ url: 'ftp://x' }).me())).code, 'INVALID_URL');
});

test('an answer that does not come in time ends the call, but for the time it is meant to wait', async (context) => {
  const { url } = await listen(context, (reply) => setTimeout(() => answerJson(reply, 200, {}), 300));
  const client = createClient({ url, timeoutMs: 100 });
  assert.equal((await failureOf(client.me())).code, 'TIMED_OUT');
  assert.deepEqual(await client.getPackage('a', 'b', { wait: 20 }), {});
  assert.deepEqual(await client.startBuild('a', { Revision: '1', Version: '1.0.0' }, 'key'), {});
});

test('an aborted call throws the reason of its signal', async (context) => {
  const controller = new AbortController();
  const reason = new Error('enough');
  const { url } = await listen(context, () => controller.abort(reason));
  await assert.rejects(createClient({ url, signal: controller.signal }).me(), reason);
});

test('events are read as they come, however they are cut', async (context) => {
  const found = { PackageId: 'id', Status: 'Building' };
  const text = `: hello\n\nevent: status\ndata: ${JSON.stringify(found)}\n\nevent: log\r\ndata: één\r\ndata:two\r\n\r\nevent: log\ndata: lost`;
  const { url } = await listen(context, (reply) => {
    reply.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const byte of Buffer.from(text)) reply.write(Buffer.of(byte));
    reply.end();
  });
  const events = await Array.fromAsync(createClient({ url }).followPackage('a', 'b'));
  assert.deepEqual(events, [
    { type: 'status', package: found },
    { type: 'log', line: 'één\ntwo' },
  ]);
});
