import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { type BuildApiWorld, openBuildApiWorld } from '../support/build-api-world.ts';
import { github } from '../support/forge-pushes.ts';
import { openPushWorld } from '../support/push-world.ts';
import type { SentSpan } from '../support/read-otlp.ts';
import type { Answer } from '../support/server.ts';
import { startTraceCollector } from '../support/trace-collector.ts';
import { until } from '../support/until.ts';

const PACKAGES = '/api/1/apps/calc/packages';
const CALLER = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };

const collector = await startTraceCollector({ after });
// The libraries read it there.
process.env.OTEL_EXPORTER_OTLP_ENDPOINT = collector.url;
process.env.OTEL_EXPORTER_OTLP_HEADERS = 'x-tenant=calc';
const world = await openBuildApiWorld({ after }, { traces: 'otlp' });

/** Starts a build of the newest revision. */
async function post(
  { server, revisions, richard }: BuildApiWorld,
  headers: Readonly<Record<string, string>>,
  fields: Readonly<Record<string, unknown>> = {},
): Promise<Answer> {
  const response = await fetch(server.url + PACKAGES, {
    method: 'POST',
    headers: { 'Mendix-Username': richard.username, 'Mendix-ApiKey': richard.apiKey, ...headers },
    body: JSON.stringify({ Revision: revisions[1], Version: '1.0.0', ...fields }),
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

/** Each span once: by its name, and the name of the one that it is below. */
function shapeOf(spans: readonly SentSpan[]): readonly string[] {
  const nameOf = new Map(spans.map(({ spanId, name }) => [spanId, name]));
  return spans.map(({ name, parentSpanId }) => `${nameOf.get(parentSpanId) ?? parentSpanId}: ${name}`).toSorted();
}

const WHOLE = ['accept', 'queue', 'attempt', 'source', 'package', 'store', 'tag'];
const BELOW = [
  'accept: attempt',
  'accept: queue',
  'accept: tag',
  'attempt: package',
  'attempt: source',
  'attempt: store',
];

test('a build is one trace, below the call of its caller, from that call to its tag', async () => {
  const sent = await post(world, { traceparent: `00-${CALLER.traceId}-${CALLER.spanId}-01` });
  const packageId = sent.body.PackageId;
  const spans = await collector.untilTraced(packageId, WHOLE);
  assert.deepEqual(shapeOf(spans), [...BELOW, `${CALLER.spanId}: accept`]);
  assert.deepEqual(new Set(spans.map(({ traceId }) => traceId)), new Set([CALLER.traceId]));
  const build = {
    'slipway.app.id': 'calc',
    'slipway.package.id': packageId,
    'slipway.package.version': (await world.call('GET', `${PACKAGES}/${packageId}`)).body.Version,
    'slipway.revision': world.revisions[1],
    'slipway.branch': 'main',
  };
  const find = (wanted: string) => spans.find(({ name }) => name === wanted);
  assert.deepEqual(find('accept')?.attributes, build);
  assert.deepEqual(find('queue')?.attributes, build);
  const { 'slipway.worker': worker, ...attempt } = find('attempt')?.attributes ?? {};
  assert.deepEqual(attempt, { ...build, 'slipway.attempt': 1, 'slipway.outcome': 'succeeded' });
  assert.match(String(worker), /\S/);
  assert.deepEqual(find('tag')?.attributes, { 'slipway.package.id': packageId, 'slipway.outcome': 'done' });
  for (const { failure, resource } of spans)
    assert.deepEqual([failure, resource['service.name']], [undefined, 'slipway']);
  assert.deepEqual(
    new Set(collector.requests.map(({ path, headers }) => `${path} ${headers['content-type']} ${headers['x-tenant']}`)),
    new Set(['/v1/traces application/x-protobuf calc']),
  );
});

test('no span ends before it begins, and phases are within their attempt', async () => {
  const spans = await collector.untilTraced((await world.build()).PackageId, WHOLE);
  for (const { name, from, to } of spans) assert.ok(from <= to, name);
  const [attempt] = spans.filter(({ name }) => name === 'attempt');
  assert.ok(attempt !== undefined);
  const phases = spans.filter(({ parentSpanId }) => parentSpanId === attempt.spanId);
  // OTLP has nanoseconds, of which a number in JavaScript keeps 256 apart.
  for (const { from, to } of phases) assert.ok(attempt.from <= from + 0.001 && to <= attempt.to + 0.001);
});

test('where a call has no traceparent that can be read, the trace begins with it', async () => {
  const readable = `00-${CALLER.traceId}-${CALLER.spanId}-01`;
  const headers = [
    {},
    { traceparent: readable.slice(0, -3) },
    { traceparent: `00-${'0'.repeat(32)}-${'0'.repeat(16)}-01` },
    { traceparent: `${readable}, ${readable}` },
    { traceparent: 'x'.repeat(10_000) },
  ];
  for (const { status, body } of await Promise.all(headers.map((each) => post(world, each)))) {
    assert.equal(status, 200, JSON.stringify(body));
    const spans = await collector.untilTraced(body.PackageId, WHOLE);
    assert.deepEqual(shapeOf(spans), [': accept', ...BELOW]);
    assert.notEqual(spans[0]?.traceId, CALLER.traceId);
  }
});

test('two calls with one Idempotency-Key are one build and one trace', async () => {
  const headers = { 'Idempotency-Key': 'once' };
  const answers = await Promise.all([post(world, headers), post(world, headers), post(world, headers)]);
  const ids = new Set(answers.map(({ body }) => body.PackageId));
  assert.equal(ids.size, 1);
  const [id = ''] = ids;
  const spans = await collector.untilTraced(id, WHOLE);
  assert.deepEqual(shapeOf(spans), [': accept', ...BELOW]);
  // What the others might have sent would have come before what this one sends.
  const later = await collector.untilTraced((await post(world, {})).body.PackageId, WHOLE);
  const between = collector.spans.slice(collector.spans.indexOf(spans[0] as SentSpan));
  const traces = new Set(between.map(({ traceId }) => traceId));
  assert.deepEqual(traces, new Set([spans[0]?.traceId, later[0]?.traceId]));
});

test('a caller that is not sampled has a build that is not', async () => {
  const unsampled = await post(world, { traceparent: `00-${'a'.repeat(32)}-${CALLER.spanId}-00` });
  await until('it is built', async () => {
    const { body } = await world.call('GET', `${PACKAGES}/${unsampled.body.PackageId}?wait=10`);
    return body.Status === 'Succeeded' && body.TagStatus !== 'Pending';
  });
  await collector.untilTraced((await world.build()).PackageId, WHOLE);
  assert.ok(collector.spans.every(({ traceId }) => traceId !== 'a'.repeat(32)));
});

test('an attempt that failed says why by a code, and nothing by words', async () => {
  const files = { 'slipway.yml': 'build: { hush: hush }' };
  const [Revision] = await world.repository.commit([{ branch: 'bad', files }]);
  const { PackageId, Status, StatusReason } = await world.build({ Branch: 'branches/bad', Revision });
  assert.equal(Status, 'Failed');
  const spans = await collector.untilTraced(PackageId, ['accept', 'queue', 'attempt', 'package']);
  const failures = spans
    .map(({ name, failure }) => `${name}: ${failure}`)
    .filter((text) => !text.endsWith('undefined'));
  assert.deepEqual(failures.toSorted(), ['attempt: build-file', 'package: failed']);
  const sent = Buffer.concat(collector.requests.map(({ body }) => body));
  for (const secret of [world.repository.path, world.richard.apiKey, 'hush', StatusReason]) {
    assert.ok(!sent.includes(secret), secret);
  }
});

test('the trace of a build that a push began begins with the push', async (t) => {
  const pushed = await openPushWorld(t, { traces: 'otlp' });
  await pushed.rule('main');
  const newest = await pushed.commit();
  await pushed.push(github({ branch: 'main', before: pushed.revisions[1], after: newest }, pushed.secret));
  const { PackageId } = await pushed.settled();
  const spans = await collector.untilTraced(PackageId ?? '', ['push', ...WHOLE.slice(1)]);
  assert.deepEqual(shapeOf(spans), [': push', ...BELOW.map((text) => text.replace('accept', 'push'))].toSorted());
});

test('the deployment of a free app is part of the trace of its build', async () => {
  const app = { AppId: 'free-calc', Repository: world.repository.path, MainBranch: 'main', Free: true };
  assert.equal((await world.server.call('POST', '/manage/1/apps', app)).status, 200);
  await world.server.call('POST', '/manage/1/apps/free-calc/environments', { Mode: 'Sandbox' });
  const build = { Revision: world.revisions[1], Version: '1.0.0' };
  const { body } = await world.server.call('POST', '/api/1/apps/free-calc/packages', build);
  const spans = await collector.untilTraced(body.PackageId, [...WHOLE, 'deploy']);
  assert.deepEqual(shapeOf(spans), [': accept', ...[...BELOW, 'accept: deploy'].toSorted()]);
  const deployed = spans.find(({ name }) => name === 'deploy');
  assert.deepEqual(deployed?.attributes, { 'slipway.package.id': body.PackageId, 'slipway.outcome': 'done' });
});
