import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openBuildApiWorld } from '../support/build-api-world.ts';
import { type RawAnswer, sendRaw } from '../support/raw-http.ts';
import { embeddedOnly } from '../support/shape.ts';

/*
 * What existing clients put on the wire, byte for byte, over real connections: nobody will change them.
 */

const PACKAGES = '/api/1/apps/calc/packages';

/** No worker: what is accepted stays Queued. */
const world = await openBuildApiWorld({ after }, { buildSlots: 0 });
const { username, apiKey } = world.richard;
const HOST = new URL(world.server.url).host;
const CREDENTIALS = [`Mendix-Username: ${username}`, `Mendix-ApiKey: ${apiKey}`];
const BODY = JSON.stringify({ Revision: world.revisions[1], Version: '2.5.4' });

function head(line: string, headers: readonly string[] = []): string {
  return [`${line} HTTP/1.1`, `Host: ${HOST}`, ...headers, 'Connection: close', '', ''].join('\r\n');
}

function post(headers: readonly string[], body: string | Uint8Array = BODY): Promise<RawAnswer> {
  const length = `Content-Length: ${Buffer.byteLength(body)}`;
  return sendRaw(world.server.url, head(`POST ${PACKAGES}`, [...CREDENTIALS, length, ...headers]), body);
}

function get(path: string, headers: readonly string[] = CREDENTIALS): Promise<RawAnswer> {
  return sendRaw(world.server.url, head(`GET ${path}`, headers));
}

function assertAccepted(answer: RawAnswer): void {
  assert.equal(answer.status, 200, answer.text);
  assert.match(answer.json().PackageId, /^[0-9a-f-]{36}$/);
}

function assertRefused(answer: RawAnswer, status: number, code: string): void {
  assert.equal(answer.status, status, answer.text);
  assert.match(answer.headers['content-type'] ?? '', /^application\/json/);
  const body = answer.json();
  assert.deepEqual(Object.keys(body), ['errorCode', 'errorMessage']);
  assert.equal(body.errorCode, code);
  assert.equal(typeof body.errorMessage, 'string');
  assert.doesNotMatch(body.errorMessage, /\bat .*\.(?:ts|js):\d+/);
}

test('paths', async (t) => {
  const id = await world.startBuild();
  for (const path of [PACKAGES, `${PACKAGES}/${id}`, '/manage/1/apps', '/healthz']) {
    await t.test(`${path} answers the same with and without a trailing slash`, async () => {
      const [bare, slash] = [await get(path), await get(`${path}/`)];
      assert.equal(bare.status, 200);
      assert.equal(slash.status, 200);
      assert.equal(slash.text, bare.text);
    });
  }
  await t.test('a trailing slash before the query', async () => {
    assert.equal((await get(`${PACKAGES}/${id}/?url=true`)).status, 200);
  });
  await t.test('an AppId in any case, and a ProjectId in any case', async () => {
    for (const app of ['CALC', 'Calc', world.projectId, world.projectId.toUpperCase()]) {
      assert.equal((await get(`/api/1/apps/${app}/packages/${id}`)).status, 200, app);
      assert.equal((await get(`/api/1/apps/${app}/packages`)).status, 200, app);
    }
  });
  await t.test('a PackageId in any case', async () => {
    assert.equal((await get(`${PACKAGES}/${id.toUpperCase()}`)).json().PackageId, id);
  });
  await t.test('%2F stays inside its segment', async () => {
    assertRefused(await get(`${PACKAGES}/a%2Fb`), 404, 'PACKAGE_NOT_FOUND');
    assertRefused(await get('/api/1/apps/a%2Fb/packages'), 400, 'INVALID_APPID');
  });
  await t.test('a doubled slash at the start, and a whole URL', async () => {
    assert.equal((await get(`/${PACKAGES}`)).status, 200);
    assert.equal((await get(world.server.url + PACKAGES)).status, 200);
  });
  await t.test('url=true, url=false, absent, and True as Python writes it', async () => {
    for (const query of ['?url=true', '?url=false', '', '?url=True', '?other=1', '?url=false&url=true']) {
      assert.equal((await get(`${PACKAGES}/${id}${query}`)).status, 200, query);
    }
  });
});

test('headers', async (t) => {
  await t.test('names in any case, values with blanks around them', async () => {
    assert.equal(
      (await get(PACKAGES, [`MENDIX-USERNAME:   ${username}  `, `mendix-apikey:\t${apiKey}\t`])).status,
      200,
    );
    assert.equal((await get(PACKAGES, [`Mendix-UserName: ${username}`, `Mendix-Apikey: ${apiKey}`])).status, 200);
  });
  await t.test('the login in any case', async () => {
    const answer = await get(PACKAGES, [`Mendix-Username: ${username.toUpperCase()}`, `Mendix-ApiKey: ${apiKey}`]);
    assert.equal(answer.status, 200);
  });
  await t.test('unknown ones, among them ContentType', async () => {
    assertAccepted(await post(['ContentType: application/json', 'X-Unknown: 1', 'Accept: */*']));
  });
  await t.test('a literal content-type: false', async () => assertAccepted(await post(['content-type: false'])));
  await t.test('Authorization: MxToken instead of the two', async () => {
    for (const value of [`MxToken ${apiKey}`, `mxtoken  ${apiKey} `]) {
      assert.equal((await get(PACKAGES, [`Authorization: ${value}`])).status, 200);
    }
    assertRefused(await get(PACKAGES, ['Authorization: MxToken wrong']), 401, 'UNAUTHORIZED');
    assertRefused(await get(PACKAGES, [`Authorization: Bearer ${apiKey}`]), 401, 'UNAUTHORIZED');
  });
  await t.test('an expectation', async () => {
    assertAccepted(await post(['Expect: 100-continue']).then(withoutContinue));
    assertAccepted(await post(['Expect: something-else']));
  });
  await t.test('no Host, and HTTP/1.0', async () => {
    const lines = [`GET ${PACKAGES} HTTP/1.0`, ...CREDENTIALS, '', ''].join('\r\n');
    assert.equal((await sendRaw(world.server.url, lines)).status, 200);
    const noHost = [`GET ${PACKAGES} HTTP/1.1`, ...CREDENTIALS, 'Connection: close', '', ''].join('\r\n');
    assert.equal((await sendRaw(world.server.url, noHost)).status, 200);
  });
});

/** Node answers `100 Continue` first; what counts comes after it. */
function withoutContinue(answer: RawAnswer): RawAnswer {
  if (answer.status !== 100) return answer;
  const text = answer.text.slice(answer.text.indexOf('\r\n\r\n') + 4);
  return { ...answer, status: Number(answer.text.split(' ')[1]), text, json: () => JSON.parse(text) };
}

test('bodies: what is accepted', async (t) => {
  const chunked = (...chunks: string[]) =>
    [...chunks.map((chunk) => `${Buffer.byteLength(chunk).toString(16)}\r\n${chunk}\r\n`), '0\r\n\r\n'].join('');
  await t.test('JSON with no Content-Type and a length', async () => assertAccepted(await post([])));
  await t.test('JSON with no Content-Type, chunked, in pieces', async () => {
    const request = head(`POST ${PACKAGES}`, [...CREDENTIALS, 'Transfer-Encoding: chunked']);
    assertAccepted(await sendRaw(world.server.url, request, chunked(BODY.slice(0, 7), BODY.slice(7))));
  });
  await t.test('JSON under the form type, as curl -d sends it', async () => {
    assertAccepted(await post(['Content-Type: application/x-www-form-urlencoded']));
  });
  for (const type of [
    'application/json',
    'application/json; charset=utf-8',
    'Application/JSON;charset=UTF-8',
    'text/plain',
    'application/octet-stream',
    'multipart/form-data',
    'application/json;',
    '*/*',
    '',
  ]) {
    await t.test(`JSON under '${type}'`, async () => assertAccepted(await post([`Content-Type: ${type}`])));
  }
  await t.test('JSON after a byte order mark, and in UTF-16', async () => {
    assertAccepted(await post([], `\ufeff${BODY}`));
    assertAccepted(await post([], Buffer.from(`\ufeff${BODY}`, 'utf16le')));
  });
  await t.test('a description in UTF-8 and in Latin-1', async () => {
    const body = JSON.stringify({ Revision: world.revisions[1], Version: '1.0.0', Description: 'größer' });
    for (const bytes of [Buffer.from(body, 'utf8'), Buffer.from(body, 'latin1')]) {
      const { PackageId } = (await post([], bytes)).json();
      assert.equal((await get(`${PACKAGES}/${PackageId}`)).json().Description, 'größer');
    }
  });
  await t.test('a real form', async () => {
    const body = `Revision=${world.revisions[1]}&Version=1.0.0&Description=two+words`;
    assertAccepted(await post(['Content-Type: application/x-www-form-urlencoded'], body));
  });
  await t.test('unquoted words as values', async () => {
    const [first, second] = world.revisions;
    for (const body of [
      `{"Revision":2,"Branch": trunk,"Version":"1.0.0"}`,
      `{"Revision":"${first}","Version":"1.0.0","Branch": trunk}`,
      `{"Branch": Main line, "Revision":${second}, "Version": 1.0.0}`,
      `{"Branch": branches%2Ffeature, "Revision": ${world.revisions[2]}, "Version":1.0.0, "Description": some text}`,
    ]) {
      assertAccepted(await post(['Content-Type: application/json'], body));
    }
  });
});

test('bodies: calls without parameters', async (t) => {
  const cancel = async (headers: readonly string[], body = '') => {
    const line = `POST ${PACKAGES}/${await world.startBuild()}/cancel`;
    return sendRaw(world.server.url, head(line, [...CREDENTIALS, ...headers]), body);
  };
  for (const headers of [
    ['Content-Type: application/json', 'Content-Length: 0'],
    ['Content-Type: application/x-www-form-urlencoded', 'Content-Length: 0'],
    ['Content-Type: application/json'],
    [],
  ]) {
    await t.test(`a POST with ${headers.join(', ') || 'neither type nor length'}`, async () => {
      const answer = await cancel(headers);
      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.text, '{}');
    });
  }
  for (const [headers, body] of [
    [['Content-Type: application/json'], ''],
    [['Content-Type: application/json', 'Content-Length: 0'], ''],
    [['Content-Type: application/json', 'Content-Length: 5'], '{"x":'],
    [[], ''],
  ] as const) {
    await t.test(`a DELETE with ${headers.join(', ') || 'nothing'} and body '${body}'`, async () => {
      const id = await world.startBuild();
      await world.call('POST', `${PACKAGES}/${id}/cancel`);
      const answer = await sendRaw(
        world.server.url,
        head(`DELETE ${PACKAGES}/${id}`, [...CREDENTIALS, ...headers]),
        body,
      );
      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.text, '{}');
    });
  }
  for (const body of ['{"a":1}', '{"a":']) {
    await t.test(`a GET with the body ${body}`, async () => {
      const headers = [...CREDENTIALS, 'Content-Type: application/json', `Content-Length: ${body.length}`];
      assert.equal((await sendRaw(world.server.url, head(`GET ${PACKAGES}`, headers), body)).status, 200);
    });
  }
});

test('bodies: anything else that does not parse is 400, saying where', async (t) => {
  for (const [body, where] of [
    ['{"Revision": }', /line 1, column 14/],
    ['{"Revision": "1",\n "Version" "1.0.0"}', /line 2, column 12/],
    ['{"Revision": "1"', /line 1, column 17: found the end of the body/],
    ['{\'Revision\': "1"}', /line 1, column 2/],
    ['{"Revision": "1"} and more', /line 1, column 19/],
    ['trunk', /line 1, column 1/],
    ['<xml/>', /line 1, column 1/],
    [`{"a":${'['.repeat(5000)}`, /levels/],
  ] as const) {
    await t.test(body.slice(0, 40), async () => {
      const answer = await post(['Content-Type: application/json'], body);
      assertRefused(answer, 400, 'INVALID_PARAMETERS');
      assert.match(answer.json().errorMessage, where);
    });
  }
  await t.test('a large body has no second chance', async () => {
    assertRefused(await post([], `{"Description": word, "x": "${'x'.repeat(70_000)}"}`), 400, 'INVALID_PARAMETERS');
  });
  await t.test('names of the prototype are harmless', async () => {
    const text = `{"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}},${BODY.slice(1)}`;
    assertAccepted(await post([], text));
    assert.equal(Reflect.get({}, 'admin'), undefined);
  });
});

test('fields of Start Build', async (t) => {
  const [first, second, feature] = world.revisions;
  const accepted = async (fields: object) => {
    const answer = await world.call('POST', PACKAGES, { Version: '2.5.4', ...fields });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return (await world.call('GET', `${PACKAGES}/${answer.body.PackageId}`)).body;
  };
  for (const revision of [second, second.slice(0, 8), second.slice(0, 7).toUpperCase(), '2', 2]) {
    await t.test(`Revision ${JSON.stringify(revision)}`, async () => {
      assert.equal((await accepted({ Revision: revision })).Revision, second);
    });
  }
  for (const branch of [undefined, null, '', 'trunk', 'main', 'Main line', 'branches/main']) {
    await t.test(`Branch ${JSON.stringify(branch)} is the main line`, async () => {
      const body = await accepted({ Revision: second, Branch: branch });
      assert.equal(body.Branch, 'main');
      assert.match(body.Name, /^Main line-/);
    });
  }
  for (const branch of ['feature', 'branches/feature', 'branches%2Ffeature', 'branches%2ffeature']) {
    await t.test(`Branch '${branch}'`, async () => {
      const body = await accepted({ Revision: feature, Branch: branch });
      assert.equal(body.Branch, 'branches/feature');
      assert.equal(body.Revision, feature);
    });
  }
  await t.test('a last part of Version with 13 digits', async () => {
    assert.equal((await accepted({ Revision: 1, Version: '1.0.1404739654045' })).Version, '1.0.1404739654045.1');
  });
  await t.test('the same version again, for the same and for another revision, is a new package', async () => {
    const ids = [
      (await accepted({ Revision: first })).PackageId,
      (await accepted({ Revision: first })).PackageId,
      (await accepted({ Revision: second })).PackageId,
    ];
    assert.equal(new Set(ids).size, 3);
  });
});

test('answers: every call that carries no data answers {} in JSON', async () => {
  const id = await world.startBuild();
  for (const [method, path] of [
    ['POST', `${PACKAGES}/${id}/cancel`],
    ['DELETE', `${PACKAGES}/${id}`],
    ['PUT', '/manage/1/apps/calc/api-rights/stranger'],
    ['DELETE', '/manage/1/apps/calc/api-rights/stranger'],
  ] as const) {
    const { status, headers, body } = await world.server.call(method, path);
    assert.equal(status, 200);
    assert.deepEqual(body, {});
    assert.match(headers.get('content-type') ?? '', /^application\/json/);
  }
});

test('answers: every refusal is JSON, on every route and for every reason', async (t) => {
  const send = (text: string, ...more: string[]) => sendRaw(world.server.url, text, ...more);
  const cases: [string, () => Promise<RawAnswer>, number, string][] = [
    ['an unknown address', () => get('/nothing/here'), 404, 'NOT_FOUND'],
    ['an unknown address under the prefix', () => get('/api/1/nothing'), 404, 'NOT_FOUND'],
    ['another version of the API', () => get('/api/7/apps/calc/packages'), 404, 'NOT_FOUND'],
    ['the root', () => get('/'), 404, 'NOT_FOUND'],
    ['PUT where there is none', () => send(head(`PUT ${PACKAGES}`, CREDENTIALS)), 405, 'METHOD_NOT_ALLOWED'],
    ['PATCH with a body', () => send(head(`PATCH ${PACKAGES}`, ['Content-Length: 1']), '{'), 405, 'METHOD_NOT_ALLOWED'],
    ['OPTIONS', () => send(head(`OPTIONS ${PACKAGES}`)), 405, 'METHOD_NOT_ALLOWED'],
    ['PROPFIND', () => send(head(`PROPFIND ${PACKAGES}`)), 405, 'METHOD_NOT_ALLOWED'],
    ['CONNECT', () => send(`CONNECT ${HOST} HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`), 405, 'METHOD_NOT_ALLOWED'],
    ['no credentials', () => get(PACKAGES, []), 401, 'UNAUTHORIZED'],
    ['a login alone', () => get(PACKAGES, [`Mendix-Username: ${username}`]), 401, 'UNAUTHORIZED'],
    ['a key alone', () => get(PACKAGES, [`Mendix-ApiKey: ${apiKey}`]), 401, 'UNAUTHORIZED'],
    ['no right to manage', () => get('/manage/1/users'), 403, 'NO_ACCESS'],
    ['a bad escape', () => get('/api/1/apps/%zz/packages'), 400, 'INVALID_PARAMETERS'],
    ['an escape that is no UTF-8', () => get('/api/1/apps/%ff/packages'), 400, 'INVALID_PARAMETERS'],
    ['a NUL in an id', () => get(`${PACKAGES}/%00`), 404, 'PACKAGE_NOT_FOUND'],
    ['dots in the path', () => get('/api/1/apps/../packages'), 400, 'INVALID_APPID'],
    ['a very long id', () => get(`${PACKAGES}/${'a'.repeat(5000)}`), 414, 'URI_TOO_LONG'],
    ['a body beyond the limit', () => post([], `"${'x'.repeat(1024 * 1024)}"`), 413, 'PAYLOAD_TOO_LARGE'],
    ['headers beyond the limit', () => get(PACKAGES, [`X-Long: ${'x'.repeat(40_000)}`]), 431, 'HEADERS_TOO_LARGE'],
    ['what is no HTTP', () => send('hello\r\n\r\n'), 400, 'INVALID_PARAMETERS'],
    ['a header without a colon', () => send(head('GET /', ['nonsense'])), 400, 'INVALID_PARAMETERS'],
    [
      'two different lengths',
      () => send(head(`POST ${PACKAGES}`, [...CREDENTIALS, 'Content-Length: 1', 'Content-Length: 2']), '{}'),
      400,
      'INVALID_PARAMETERS',
    ],
    [
      'a length and chunks',
      () => send(head(`POST ${PACKAGES}`, ['Content-Length: 1', 'Transfer-Encoding: chunked']), '0\r\n\r\n'),
      400,
      'INVALID_PARAMETERS',
    ],
    [
      'a length that is none',
      () => send(head(`POST ${PACKAGES}`, [...CREDENTIALS, 'Content-Length: banana']), '{}'),
      400,
      'INVALID_PARAMETERS',
    ],
    [
      'a chunk that is none',
      () => send(head(`POST ${PACKAGES}`, [...CREDENTIALS, 'Transfer-Encoding: chunked']), 'zz\r\n{}\r\n0\r\n\r\n'),
      400,
      'INVALID_PARAMETERS',
    ],
  ];
  for (const [name, request, status, code] of cases) {
    await t.test(name, async () => assertRefused(await request(), status, code));
  }
});

test('answers: 401 comes before everything else that may be wrong', async () => {
  for (const path of ['/api/1/apps/not_an_app/packages', '/api/1/apps//packages', `${PACKAGES}/null?url=banana`]) {
    assertRefused(await get(path, []), 401, 'UNAUTHORIZED');
  }
  const request = head(`POST ${PACKAGES}`, ['Content-Type: application/json', 'Content-Length: 1']);
  assertRefused(await sendRaw(world.server.url, request, '{'), 401, 'UNAUTHORIZED');
});

test('answers: the app comes before the parameters', async () => {
  const length = 'Content-Length: 1';
  const request = head('POST /api/1/apps/unknown/packages', [...CREDENTIALS, length]);
  assertRefused(await sendRaw(world.server.url, request, '{'), 404, 'APP_NOT_FOUND');
  assertRefused(await get('/api/1/apps/unknown/packages/null?url=banana'), 404, 'APP_NOT_FOUND');
});

test('answers: HEAD works where GET does', async () => {
  const id = await world.startBuild();
  const paths = [PACKAGES, `${PACKAGES}/${id}`, `${PACKAGES}/${id}/log`, `${PACKAGES}/${id}/events`];
  for (const path of [
    ...paths,
    '/manage/1/me',
    '/healthz',
    '/readyz',
    '/metrics',
    '/openapi.json',
    '/slipway.schema.json',
    '/docs',
  ]) {
    const answer = await sendRaw(world.server.url, head(`HEAD ${path}`, CREDENTIALS));
    assert.equal(answer.status, 200, path);
    assert.equal(answer.text, '', path);
  }
});

test('answers: a connection goes on after a refusal', async () => {
  const first = head(`POST ${PACKAGES}`, [...CREDENTIALS, 'Content-Length: 1']).replace('Connection: close\r\n', '');
  const socketAnswer = await sendRaw(world.server.url, `${first}{${head(`GET ${PACKAGES}`, CREDENTIALS)}`);
  assert.equal(socketAnswer.status, 400);
  assert.match(socketAnswer.text, /HTTP\/1\.1 200 OK/);
});

test('failed attempts are limited, and nobody else is held up by them', {
  skip: embeddedOnly('each server counts failed attempts for itself'),
}, async () => {
  const guess = () => get(PACKAGES, [`Mendix-Username: guessed`, `Mendix-ApiKey: ${crypto.randomUUID()}`]);
  const statuses: number[] = [];
  for (let attempt = 0; attempt < 12; attempt++) statuses.push((await guess()).status);
  assert.deepEqual(statuses.slice(0, 10), Array(10).fill(401));
  const limited = await guess();
  assertRefused(limited, 429, 'TOO_MANY_REQUESTS');
  assert.ok(Number(limited.headers['retry-after']) >= 1);
  assert.equal((await get(PACKAGES)).status, 200);
});
