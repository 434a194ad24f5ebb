import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestServer, type TestServer } from '../support/server.ts';

/** As many failures as one login may have from one address. */
const MOST_FAILURES = 10;

/** Asks who `admin` is, as a proxy on this machine does for a client. @param forwardedFor what it says of the client */
function ask(server: TestServer, forwardedFor: string, apiKey = 'wrong'): Promise<Response> {
  const headers = { 'Mendix-Username': 'admin', 'Mendix-ApiKey': apiKey, 'X-Forwarded-For': forwardedFor };
  return fetch(`${server.url}/manage/1/me`, { headers });
}

async function failOften(server: TestServer, forwardedFor: (attempt: number) => string): Promise<void> {
  for (let attempt = 0; attempt < MOST_FAILURES; attempt++) {
    assert.equal((await ask(server, forwardedFor(attempt))).status, 401);
  }
}

async function assertHeldUp(answer: Response): Promise<void> {
  assert.equal(answer.status, 429);
  const seconds = answer.headers.get('retry-after') ?? '';
  assert.match(seconds, /^[1-9]\d?$/);
  assert.ok(Number(seconds) <= 60, seconds);
  assert.deepEqual(await answer.json(), {
    errorCode: 'TOO_MANY_REQUESTS',
    errorMessage: `Too many failed attempts from this address. Try again in ${seconds} seconds.`,
  });
}

test('two clients behind one trusted proxy are held up each for their own failures', async (context) => {
  const server = await startTestServer(context, { trustProxy: ['127.0.0.1'] });
  await failOften(server, () => '192.0.2.1');
  await assertHeldUp(await ask(server, '192.0.2.1'));
  await assertHeldUp(await ask(server, '192.0.2.1', server.admin.apiKey));
  assert.equal((await ask(server, '192.0.2.2')).status, 401);
  assert.equal((await ask(server, '192.0.2.2', server.admin.apiKey)).status, 200);
});

test('what a client says of itself before the proxy adds its address gives it no more attempts', async (context) => {
  const server = await startTestServer(context, { trustProxy: ['127.0.0.1'] });
  await failOften(server, (attempt) => `198.51.100.${attempt}, 192.0.2.1`);
  await assertHeldUp(await ask(server, '198.51.100.99, 192.0.2.1'));
  assert.equal((await ask(server, '192.0.2.1, 192.0.2.2', server.admin.apiKey)).status, 200);
});

for (const [who, trustProxy] of [
  ['no proxy is', false],
  ['another one is', ['10.0.0.0/8']],
] as const) {
  test(`X-Forwarded-For changes nothing where ${who} trusted`, async (context) => {
    const server = await startTestServer(context, { trustProxy });
    await failOften(server, (attempt) => `192.0.2.${attempt}`);
    await assertHeldUp(await ask(server, '192.0.2.99'));
    await assertHeldUp(
      await fetch(`${server.url}/manage/1/me`, { headers: { 'Mendix-Username': 'admin', 'Mendix-ApiKey': 'x' } }),
    );
  });
}
