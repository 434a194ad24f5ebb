import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, test } from 'node:test';
import { startTestServer } from '../support/server.ts';

/*
 * The tables of docs/from-the-hosted-service.md, held against the routes of the server both ways.
 */

const server = await startTestServer({ after });
const page = await readFile(new URL('../../docs/from-the-hosted-service.md', import.meta.url), 'utf8');
const ROW = /^\| (GET|POST|PUT|PATCH|DELETE) `(\/\S+)` \| (yes|no|ours) \|/gm;
const rows = [...page.matchAll(ROW)].map(([, method = '', path = '', served = '']) => ({ method, path, served }));

/** Documented calls have addresses below these. */
const DOCUMENTED = /^\/(?:api\/(?:1|v1|v2)|v1)\//;
/** Calls under these are additions, for all their addresses. */
const OURS = ['Builds', 'Webhook messages'];

interface ApiPaths {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly tags: readonly string[] }>>>>;
}

/** A call without the names of its parameters. */
function nameCall(method: string, path: string): string {
  return `${method.toUpperCase()} ${path.replaceAll(/<\w+>|\{\w+\}/g, '*')}`;
}

const { paths }: ApiPaths = (await server.call('GET', '/openapi.json')).body;
const routes = Object.entries(paths)
  .filter(([path]) => DOCUMENTED.test(path))
  .flatMap(([path, calls]) =>
    Object.entries(calls).map(([method, { tags }]) => ({
      call: nameCall(method, path),
      isOurs: OURS.some((tag) => tags.includes(tag)),
    })),
  );

test('every row of a table is read, and each call has one', () => {
  assert.equal(rows.length, page.match(/^\| [A-Z]+ `/gm)?.length);
  const calls = rows.map(({ method, path }) => nameCall(method, path));
  assert.deepEqual(calls, [...new Set(calls)]);
});

test('every call that the server takes is in a table as served, and every one that is said to be served is taken', () => {
  const said = rows.filter(({ served }) => served !== 'no').map(({ method, path }) => nameCall(method, path));
  assert.deepEqual(said.toSorted(), routes.map(({ call }) => call).toSorted());
});

test('additions are told from documented calls', () => {
  const said = rows.filter(({ served }) => served === 'ours').map(({ method, path }) => nameCall(method, path));
  const ours = routes.filter(({ isOurs }) => isOurs).map(({ call }) => call);
  assert.deepEqual(said.toSorted(), ours.toSorted());
});

for (const { method, path } of rows.filter(({ served }) => served === 'no')) {
  test(`${method} ${path} is not served, as the page says`, async () => {
    const { status, body } = await server.call(method, path.replaceAll(/<\w+>/g, 'calc'));
    assert.ok(['NOT_FOUND', 'METHOD_NOT_ALLOWED'].includes(body.errorCode), JSON.stringify(body));
    assert.ok([404, 405].includes(status));
  });
}
