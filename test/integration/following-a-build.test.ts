import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type BuildApiWorld, openBuildApiWorld } from '../support/build-api-world.ts';
import { until } from '../support/until.ts';

const PACKAGES = '/api/1/apps/calc/packages';

const world = await openBuildApiWorld({ after });
/** No worker: what is accepted stays Queued until it is canceled. */
const idle = await openBuildApiWorld({ after }, { buildSlots: 0 });

function open(
  { server, richard }: BuildApiWorld,
  path: string,
  headers: Record<string, string> = {},
  signal?: AbortSignal,
): Promise<Response> {
  const credentials = { 'Mendix-Username': richard.username, 'Mendix-ApiKey': richard.apiKey };
  return fetch(server.url + path, { headers: { ...credentials, ...headers }, ...(signal && { signal }) });
}

interface Event {
  readonly event: string;
  readonly data: string;
  readonly id: string | undefined;
}

function parseEvents(text: string): Event[] {
  const blocks = text.split('\n\n').filter((block) => block !== '' && !block.startsWith(':'));
  return blocks.map((block) => {
    const fields = new Map(
      block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
    );
    return { event: fields.get('event') ?? '', data: fields.get('data') ?? '', id: fields.get('id') };
  });
}

test('wait answers when the status changes', async () => {
  const id = await idle.startBuild();
  const startedAt = performance.now();
  const waiting = idle.call('GET', `${PACKAGES}/${id}?wait=60`);

  await idle.call('POST', `${PACKAGES}/${id}/cancel`);
  const { status, body } = await waiting;
  assert.equal(status, 200);
  assert.equal(body.Status, 'Failed');
  assert.equal(body.StatusReason, 'canceled');
  assert.ok(performance.now() - startedAt < 10_000);
});

test('wait answers when the time is up, with the package as it is', async () => {
  const id = await idle.startBuild();
  const startedAt = performance.now();
  const { body } = await idle.call('GET', `${PACKAGES}/${id}?wait=0.2`);
  assert.equal(body.Status, 'Queued');
  assert.ok(performance.now() - startedAt >= 190);
});

test('wait answers at once when the build has ended', async () => {
  const { PackageId } = await world.build();
  const startedAt = performance.now();
  assert.equal((await world.call('GET', `${PACKAGES}/${PackageId}?wait=300`)).body.Status, 'Succeeded');
  assert.ok(performance.now() - startedAt < 5000);
});

test('Prefer: wait means the same, and says so', async () => {
  const id = await idle.startBuild();
  const answer = await open(idle, `${PACKAGES}/${id}`, { Prefer: 'respond-async, wait=1' });
  assert.equal(answer.headers.get('preference-applied'), 'wait=1');
  assert.equal(JSON.parse(await answer.text()).Status, 'Queued');
});

test('a wait that is no number is refused', async () => {
  const id = await idle.startBuild();
  for (const wait of ['banana', '-1', '1e3', 'NaN']) {
    const { status, body } = await idle.call('GET', `${PACKAGES}/${id}?wait=${wait}`);
    assert.equal(status, 400);
    assert.equal(body.errorCode, 'INVALID_PARAMETERS');
  }
});

test('who waits for a package that is deleted learns it', async () => {
  const { PackageId } = await world.build();
  const path = `${PACKAGES}/${PackageId}`;
  await world.call('DELETE', path);
  assert.equal((await world.call('GET', `${path}?wait=60`)).status, 404);
});

test('events tell of each status and line, and end with the build', async () => {
  const id = await world.startBuild({ Version: '1.2.3' });
  const answer = await open(world, `${PACKAGES}/${id}/events`);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('content-type'), 'text/event-stream; charset=utf-8');
  const events = parseEvents(await answer.text());
  const statuses = events.filter(({ event }) => event === 'status').map(({ data }) => JSON.parse(data).Status);
  assert.equal(statuses.at(-1), 'Succeeded');
  assert.equal(events.at(-1)?.event, 'status');
  assert.equal(new Set(statuses).size, statuses.length);
  const lines = events.filter(({ event }) => event === 'log').map(({ data }) => `${data}\n`);
  assert.equal(lines.join(''), await (await open(world, `${PACKAGES}/${id}/log`)).text());
});

test('events go on after the Last-Event-ID', async () => {
  const { PackageId } = await world.build();
  const path = `${PACKAGES}/${PackageId}/events`;
  const all = parseEvents(await (await open(world, path)).text());
  const [first, ...others] = all.filter(({ event }) => event === 'log');
  const rest = parseEvents(await (await open(world, path, { 'Last-Event-ID': first?.id ?? '' })).text());
  assert.deepEqual(
    rest.filter(({ event }) => event === 'log'),
    others,
  );
  for (const id of ['banana', '999999999999']) {
    const answer = await open(world, path, { 'Last-Event-ID': id });
    assert.equal(parseEvents(await answer.text()).at(-1)?.event, 'status');
  }
});

test('events of a canceled build end with Failed', async () => {
  const id = await idle.startBuild();
  const answer = await open(idle, `${PACKAGES}/${id}/events`);
  await idle.call('POST', `${PACKAGES}/${id}/cancel`);
  const last = parseEvents(await answer.text()).at(-1);
  assert.equal(JSON.parse(last?.data ?? '').StatusReason, 'canceled');
});

test('cancel answers {} once, and says when there is nothing to cancel', async () => {
  const id = await idle.startBuild();
  const first = await idle.call('POST', `${PACKAGES}/${id}/cancel`);
  assert.deepEqual([first.status, first.body], [200, {}]);
  const second = await idle.call('POST', `${PACKAGES}/${id}/cancel`);
  assert.deepEqual([second.status, second.body.errorCode], [409, 'BUILD_ALREADY_ENDED']);
});

test('the log is text, with ranges', async () => {
  const { PackageId } = await world.build();
  const path = `${PACKAGES}/${PackageId}/log`;
  const whole = await open(world, path);
  assert.equal(whole.headers.get('content-type'), 'text/plain; charset=utf-8');
  const text = await whole.text();
  assert.match(text, /Succeeded/);
  const part = await open(world, path, { Range: 'bytes=5-' });
  assert.equal(part.status, 206);
  assert.equal(await part.text(), text.slice(5));
  const beyond = await open(world, path, { Range: 'bytes=100000000-' });
  assert.equal(beyond.status, 416);
  assert.equal(JSON.parse(await beyond.text()).errorCode, 'RANGE_NOT_SATISFIABLE');
});

test('the log of a build that has not begun is empty', async () => {
  const answer = await open(idle, `${PACKAGES}/${await idle.startBuild()}/log`);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('content-length'), '0');
  assert.equal(await answer.text(), '');
});

test('closing answers who waits, ends streams, and leaves nothing open', async (t) => {
  const closing = await openBuildApiWorld(t, { buildSlots: 0 });
  const id = await closing.startBuild();
  const waiting = closing.call('GET', `${PACKAGES}/${id}?wait=300`);
  const stream = await open(closing, `${PACKAGES}/${id}/events`);
  await delay(0);
  const startedAt = performance.now();
  const [stopped, answer, events] = await Promise.all([closing.server.stop(), waiting, stream.text()]);
  assert.equal(stopped, undefined);
  assert.equal(answer.body.Status, 'Queued');
  assert.equal(parseEvents(events)[0]?.event, 'status');
  assert.ok(performance.now() - startedAt < 5000);
  await assert.rejects(fetch(`${closing.server.url}/healthz`));
});

test('a link that was changed, has expired, or is of another server gets 403 in JSON', async () => {
  const { PackageId } = await world.build();
  const { body } = await world.call('GET', `${PACKAGES}/${PackageId}?url=true`);
  const genuine: string = body.Url.Location;
  const other = new URL(genuine);
  other.searchParams.set('expires', String(Number(other.searchParams.get('expires')) + 1));
  const foreign = genuine.replace(PackageId, randomUUID());
  const renamed = genuine.replace('Main%20line', 'Other');
  for (const link of [
    String(other),
    foreign,
    renamed,
    genuine.slice(0, -1),
    genuine.split('?')[0] ?? '',
    `${genuine}&expires=1`,
    genuine.replace('expires=', 'expires=0'),
    genuine.replace('expires=', 'expires=00'),
  ]) {
    const answer = await fetch(link);
    assert.equal(answer.status, 403, link);
    assert.equal(JSON.parse(await answer.text()).errorCode, 'INVALID_LINK');
  }
  const part = await fetch(genuine, { headers: { Range: 'bytes=0-3' } });
  assert.equal(part.status, 206);
  assert.equal((await part.arrayBuffer()).byteLength, 4);
});

test('a link is valid for its time', async (t) => {
  const brief = await openBuildApiWorld(t, { linkTtlSeconds: 1, publicUrl: 'https://build.example.com/slipway' });
  const { PackageId } = await brief.build();
  const { body } = await brief.call('GET', `${PACKAGES}/${PackageId}?url=true`);
  assert.equal(body.Url.TTL, 1);
  assert.ok(body.Url.Location.startsWith('https://build.example.com/slipway/download/'));
  const local = body.Url.Location.replace('https://build.example.com/slipway', brief.server.url);
  await until('the link expires', async () => {
    const answer = await fetch(local);
    const text = await answer.text();
    return answer.status === 403 && JSON.parse(text).errorCode === 'INVALID_LINK';
  });
});
