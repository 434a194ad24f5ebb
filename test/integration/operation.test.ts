import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { openBuildApiWorld } from '../support/build-api-world.ts';
import { until } from '../support/until.ts';

/* What whoever runs the server looks at: none of it needs credentials. */

const world = await openBuildApiWorld({ after });

async function get(path: string): Promise<{ readonly type: string; readonly text: string }> {
  const answer = await fetch(world.server.url + path);
  assert.equal(answer.status, 200, path);
  return { type: answer.headers.get('content-type') ?? '', text: await answer.text() };
}

test('health and readiness', async () => {
  assert.deepEqual(JSON.parse((await get('/healthz')).text), { Status: 'alive' });
  assert.deepEqual(JSON.parse((await get('/readyz')).text), { Status: 'ready' });
});

test('metrics tell of builds, phases, requests and the event loop', async () => {
  await world.build();
  // A client may see the end of a build an instant before it is counted.
  const { type, text } = await until('the build is counted', async () => {
    const answer = await get('/metrics');
    return /^slipway_builds_total\{/m.test(answer.text) && answer;
  });
  assert.match(type, /^text\/plain/);
  for (const line of [
    /^slipway_builds\{status="Queued"\} 0$/m,
    /^slipway_builds_total\{outcome="succeeded"\} 1$/m,
    /^slipway_build_duration_seconds_count\{outcome="succeeded"\} 1$/m,
    /^slipway_build_phase_duration_seconds_count\{phase="\w+",outcome="succeeded"\} 1$/m,
    /^slipway_http_request_duration_seconds_count\{.*route="\/api\/1\/apps\/:app\/packages",status="200"\} 1$/m,
    /^nodejs_eventloop_lag_seconds /m,
  ]) {
    assert.match(text, line);
  }
  assert.doesNotMatch(text, /calc|richard/);
});

interface Operation {
  readonly description?: string;
  readonly operationId: string;
  readonly responses: Record<string, { description: string; content: Record<string, { schema: object }> }>;
  readonly security?: readonly unknown[];
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required: boolean }[];
}

interface Document {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, object> };
}

test('the OpenAPI document is valid', async () => {
  const { text } = await get('/openapi.json');
  const { valid, errors } = await new Validator().validate(JSON.parse(text));
  assert.ok(valid, JSON.stringify(errors));
});

test('what slipway.yml may say is published as JSON Schema, the same as in the documentation', async () => {
  const { type, text } = await get('/slipway.schema.json');
  assert.match(type, /^application\/schema\+json/);
  assert.equal(text, await readFile(new URL('../../docs/slipway.schema.json', import.meta.url), 'utf8'));
});

test('the OpenAPI document describes every call', async () => {
  const { type, text } = await get('/openapi.json');
  assert.match(type, /^application\/json/);
  const document: Document = JSON.parse(text);
  assert.equal(document.openapi, '3.1.0');
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      call: `${method.toUpperCase()} ${path}`,
      operation,
      path,
    })),
  );
  for (const call of [
    'GET /api/1/apps/{app}/packages',
    'POST /api/1/apps/{app}/packages',
    'GET /api/1/apps/{app}/packages/{packageId}',
    'DELETE /api/1/apps/{app}/packages/{packageId}',
    'GET /api/1/apps/{app}/packages/{packageId}/download',
    'POST /api/1/apps/{app}/packages/{packageId}/cancel',
    'GET /api/1/apps/{app}/packages/{packageId}/events',
    'GET /api/1/apps/{app}/packages/{packageId}/log',
    'PUT /manage/1/apps/{app}/api-rights/{login}',
    'PATCH /manage/1/apps/{app}/environments/{mode}/permissions/{login}',
    'GET /metrics',
    'POST /deployments/{orderId}',
    'POST /hooks/{app}',
  ]) {
    assert.ok(
      operations.some((operation) => operation.call === call),
      call,
    );
  }
  const transport = operations.find(({ operation }) => operation.operationId === 'transportPackage')?.operation;
  assert.match(transport?.description ?? '', /Needs API Rights and Transport Rights on the environment\./);
  const ids = operations.map(({ operation }) => operation.operationId);
  assert.equal(new Set(ids).size, ids.length);
  for (const { call, operation, path } of operations) {
    const expected = { updateWebhook: '202', deleteWebhook: '204' }[operation.operationId] ?? '200';
    assert.ok(operation.responses[expected], call);
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
    const described = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
    assert.deepEqual(described.map(({ name }) => name).sort(), inPath.toSorted(), call);
    assert.ok(
      described.every(({ required }) => required),
      call,
    );
    const isOpen = /^\/(healthz|readyz|metrics|openapi|slipway|docs|download|deployments|hooks)/.test(path);
    assert.equal(operation.security?.length === 0, isOpen, call);
    assert.equal('401' in operation.responses, !isOpen, call);
  }
});

test('every reference in the OpenAPI document leads somewhere', async () => {
  const document: Document = JSON.parse((await get('/openapi.json')).text);
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]*)"/g)].map((match) => match[1] ?? '');
  assert.ok(references.length > 10);
  for (const reference of references) {
    assert.match(reference, /^#\/components\/schemas\/\w+$/);
    assert.ok(document.components.schemas[reference.split('/').at(-1) ?? ''], reference);
  }
  const named = ['App', 'Error', 'Key', 'Package', 'User', 'WebhooksError'];
  assert.deepEqual(Object.keys(document.components.schemas).sort(), named);
});

test('the documentation page needs nothing from elsewhere', async () => {
  const { type, text } = await get('/docs');
  assert.match(type, /^text\/html/);
  assert.doesNotMatch(text, /<script|<link|<img|https?:\/\/|@import|url\(/);
  for (const words of ['Start Building Deployment Package', 'INVALID_VERSION', 'Idempotency-Key', 'StatusReason']) {
    assert.ok(text.includes(words), words);
  }
  const anchors = new Set([...text.matchAll(/ id="([^"]+)"/g)].map((match) => match[1]));
  for (const [, target = ''] of text.matchAll(/href="#([^"]+)"/g)) assert.ok(anchors.has(target), target);
});
