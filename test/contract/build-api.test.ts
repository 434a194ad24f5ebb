import assert from 'node:assert/strict';
import { createHash, randomInt, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openBuildApiWorld } from '../support/build-api-world.ts';
import { storeBlob } from '../support/make-zip.ts';
import type { Answer } from '../support/server.ts';
import { openBlobsOf } from '../support/stores.ts';

/*
 * The Build API's documentation, call by call and table by table, against a whole server with real Git.
 */

const PACKAGES = '/api/1/apps/calc/packages';
const DOCUMENTED = ['PackageId', 'Name', 'Description', 'Version', 'Creator', 'CreationDate', 'Status', 'Size'];

const world = await openBuildApiWorld({ after });
/** The same without a worker: every build stays Queued. */
const idle = await openBuildApiWorld({ after }, { buildSlots: 0 });

function assertRefused(answer: Answer, status: number, code: string): void {
  assert.equal(answer.status, status, JSON.stringify(answer.body));
  assert.deepEqual(Object.keys(answer.body), ['errorCode', 'errorMessage']);
  assert.equal(answer.body.errorCode, code);
  assert.equal(typeof answer.body.errorMessage, 'string');
  assert.match(answer.headers.get('content-type') ?? '', /^application\/json/);
}

function download(path: string, headers: Record<string, string> = {}): Promise<Response> {
  const { username, apiKey } = world.richard;
  return fetch(world.server.url + path, {
    redirect: 'error',
    headers: { 'Mendix-Username': username, 'Mendix-ApiKey': apiKey, ...headers },
  });
}

test('Start Build answers at once with the PackageId', async () => {
  const answer = await idle.call('POST', PACKAGES, {
    Branch: 'branches/feature',
    Revision: idle.revisions[2],
    Version: '2.5.4',
    Description: 'Add scientific mode',
  });
  assert.equal(answer.status, 200);
  assert.deepEqual(Object.keys(answer.body), ['PackageId']);
  assert.match(answer.body.PackageId, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  const { body } = await idle.call('GET', `${PACKAGES}/${answer.body.PackageId}`);
  assert.equal(body.Status, 'Queued');
  assert.equal(body.Size, 0);
  assert.equal(body.Branch, 'branches/feature');
});

test('Start Build: error table', async (t) => {
  const body = { Revision: world.revisions[1], Version: '2.5.4' };
  const cases: [string, string, unknown, number, string][] = [
    ['a malformed AppId', '/api/1/apps/not_an_app/packages', body, 400, 'INVALID_APPID'],
    ['a blank AppId', '/api/1/apps//packages', body, 400, 'INVALID_APPID'],
    ['no body', PACKAGES, undefined, 400, 'INVALID_PARAMETERS'],
    ['no Revision', PACKAGES, { Version: '2.5.4' }, 400, 'INVALID_PARAMETERS'],
    ['no Version', PACKAGES, { Revision: body.Revision }, 400, 'INVALID_PARAMETERS'],
    ['an unknown branch', PACKAGES, { ...body, Branch: 'nope' }, 400, 'INVALID_PARAMETERS'],
    ['an unknown revision', PACKAGES, { ...body, Revision: 'f'.repeat(40) }, 400, 'INVALID_PARAMETERS'],
    ['two parts', PACKAGES, { ...body, Version: '2.5' }, 400, 'INVALID_VERSION'],
    ['four parts', PACKAGES, { ...body, Version: '2.5.4.63' }, 400, 'INVALID_VERSION'],
    ['words', PACKAGES, { ...body, Version: 'latest' }, 400, 'INVALID_VERSION'],
    ['an endless version', PACKAGES, { ...body, Version: `1.0.${'9'.repeat(900_000)}` }, 400, 'INVALID_VERSION'],
    ['an unknown app', '/api/1/apps/unknown/packages', body, 404, 'APP_NOT_FOUND'],
  ];
  for (const [name, path, given, status, code] of cases) {
    await t.test(name, async () => assertRefused(await world.call('POST', path, given), status, code));
  }
  await t.test('a revision that is not on the branch is named', async () => {
    const [, , feature] = world.revisions;
    const answer = await world.call('POST', PACKAGES, { ...body, Branch: 'main', Revision: feature });
    assertRefused(answer, 400, 'INVALID_PARAMETERS');
    assert.match(answer.body.errorMessage, new RegExp(feature.slice(0, 8)));
  });
  await t.test('a remote that does not answer', async () => {
    await world.server.call('POST', '/manage/1/apps', {
      AppId: 'gone',
      Repository: join(world.server.dataFolder, 'gone'),
    });
    const answer = await world.server.call('POST', '/api/1/apps/gone/packages', body);
    assertRefused(answer, 500, 'BUILD_FAILED');
  });
});

test('Retrieve Package returns the documented fields', async () => {
  const startedAt = Date.now();
  const body = await world.build({ Version: '1.1.5', Description: 'Initial app' });
  for (const field of DOCUMENTED) assert.ok(Object.hasOwn(body, field), field);
  const suffix = world.revisions[1].slice(0, 8);
  assert.equal(body.Version, `1.1.5.${suffix}`);
  assert.equal(body.Name, `Main line-1.1.5.${suffix}.mda`);
  assert.equal(body.Description, 'Initial app');
  assert.equal(body.Creator, 'Richard Ford');
  assert.equal(body.Status, 'Succeeded');
  assert.ok(Number.isInteger(body.CreationDate) && Math.abs(body.CreationDate - startedAt) < 60_000);
  assert.ok(Number.isInteger(body.Size) && body.Size > 0);
  assert.equal(body.Branch, 'main');
  assert.equal(body.Revision, world.revisions[1]);
  assert.match(body.Sha256, /^[0-9a-f]{64}$/);
  assert.equal(body.StatusReason, null);
  assert.ok(body.FinishedDate >= body.CreationDate);
  assert.ok(body.DurationMs >= 0);
  assert.ok(!Object.hasOwn(body, 'Url'));
});

test('a revision that was named by its integer keeps it in Version and Name', async () => {
  const body = await world.build({ Revision: 2, Version: '2.5.4' });
  assert.equal(body.Version, '2.5.4.2');
  assert.equal(body.Name, 'Main line-2.5.4.2.mda');
  assert.equal(body.Revision, world.revisions[1]);
});

test('Retrieve Package: url', async (t) => {
  const { PackageId, Name, Size, Sha256 } = await world.build({ Version: '3.0.0' });
  const path = `${PACKAGES}/${PackageId}`;
  await t.test('true gives a link that needs no headers', async () => {
    const { body } = await world.call('GET', `${path}?url=true`);
    assert.deepEqual(Object.keys(body.Url), ['Location', 'TTL']);
    assert.equal(body.Url.TTL, 900);
    assert.ok(body.Url.Location.startsWith(`${world.server.url}/download/${PackageId}/`));
    const answer = await fetch(body.Url.Location);
    assert.equal(answer.status, 200);
    const bytes = Buffer.from(await answer.arrayBuffer());
    assert.equal(bytes.byteLength, Size);
    assert.equal(createHash('sha256').update(bytes).digest('hex'), Sha256);
    assert.match(answer.headers.get('content-disposition') ?? '', new RegExp(`filename="${Name}"`));
  });
  await t.test('false and absent give none', async () => {
    for (const query of ['', '?url=false', '?url=']) {
      assert.ok(!Object.hasOwn((await world.call('GET', path + query)).body, 'Url'));
    }
  });
  await t.test('a package without its file has none', async () => {
    const id = await idle.startBuild();
    assert.ok(!Object.hasOwn((await idle.call('GET', `${PACKAGES}/${id}?url=true`)).body, 'Url'));
  });
  await t.test('anything else is refused', async () => {
    assertRefused(await world.call('GET', `${path}?url=banana`), 400, 'INVALID_PARAMETERS');
  });
});

test('Retrieve, Delete and Download: error tables', async (t) => {
  const unknown = randomUUID();
  for (const [method, end] of [
    ['GET', ''],
    ['DELETE', ''],
    ['GET', '/download'],
    ['GET', '/log'],
    ['GET', '/events'],
    ['POST', '/cancel'],
  ] as const) {
    const cases: [string, string, number, string][] = [
      ['an AppId that cannot be one', `/api/1/apps/not_an_app/packages/${unknown}`, 400, 'INVALID_PARAMETERS'],
      ['a blank AppId', `/api/1/apps//packages/${unknown}`, 400, 'INVALID_PARAMETERS'],
      ['a blank PackageId', `${PACKAGES}/%20`, 400, 'INVALID_PARAMETERS'],
      ['an unknown app', `/api/1/apps/unknown/packages/${unknown}`, 404, 'APP_NOT_FOUND'],
      ['an unknown package', `${PACKAGES}/${unknown}`, 404, 'PACKAGE_NOT_FOUND'],
      ['null', `${PACKAGES}/null`, 404, 'PACKAGE_NOT_FOUND'],
      ['what is no id', `${PACKAGES}/63`, 404, 'PACKAGE_NOT_FOUND'],
    ];
    for (const [name, path, status, code] of cases) {
      await t.test(`${method} ${end} with ${name}`, async () =>
        assertRefused(await world.call(method, path + end), status, code),
      );
    }
  }
  await t.test('DELETE without a PackageId', async () =>
    assertRefused(await world.call('DELETE', `${PACKAGES}/`), 400, 'INVALID_PARAMETERS'),
  );
  await t.test('a package of another app is not found', async () => {
    await world.server.call('POST', '/manage/1/apps', { AppId: 'other', Repository: world.repository.path });
    const id = await world.startBuild();
    const answer = await world.server.call('GET', `/api/1/apps/other/packages/${id}`);
    assertRefused(answer, 404, 'PACKAGE_NOT_FOUND');
  });
});

test('Delete Package answers {} and the package is gone', async () => {
  const { PackageId } = await world.build({ Version: '4.0.0' });
  const { body: linked } = await world.call('GET', `${PACKAGES}/${PackageId}?url=true`);
  const answer = await world.call('DELETE', `${PACKAGES}/${PackageId}`);
  assert.equal(answer.status, 200);
  assert.deepEqual(answer.body, {});
  assertRefused(await world.call('GET', `${PACKAGES}/${PackageId}`), 404, 'PACKAGE_NOT_FOUND');
  assertRefused(await world.call('DELETE', `${PACKAGES}/${PackageId}`), 404, 'PACKAGE_NOT_FOUND');
  assert.equal((await fetch(linked.Url.Location)).status, 404);
});

test('Delete Package: a package in use is kept', async () => {
  const id = await idle.startBuild();
  assertRefused(await idle.call('DELETE', `${PACKAGES}/${id}`), 409, 'PACKAGE_IN_USE');
  assert.equal((await idle.call('GET', `${PACKAGES}/${id}`)).body.Status, 'Queued');
});

test('Download Package', async (t) => {
  const { PackageId, Size, Sha256, Name } = await world.build({
    Version: '5.0.0',
    Branch: 'branches/feature',
    Revision: world.revisions[2],
  });
  const path = `${PACKAGES}/${PackageId}/download`;
  const whole = Buffer.from(await (await download(path)).arrayBuffer());
  await t.test('answers 200 with the bytes, their length, digest and name', async () => {
    const answer = await download(path);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('content-length'), String(Size));
    assert.equal(answer.headers.get('content-type'), 'application/octet-stream');
    assert.equal(answer.headers.get('etag'), `"${Sha256}"`);
    assert.equal(answer.headers.get('repr-digest'), `sha-256=:${Buffer.from(Sha256, 'hex').toString('base64')}:`);
    assert.equal(answer.headers.get('content-disposition'), `attachment; filename="${Name}"`);
    assert.equal(createHash('sha256').update(whole).digest('hex'), Sha256);
    await answer.arrayBuffer();
  });
  await t.test('HEAD answers the same without the bytes', async () => {
    const answer = await fetch(world.server.url + path, {
      method: 'HEAD',
      headers: { 'Mendix-Username': world.richard.username, 'Mendix-ApiKey': world.richard.apiKey },
    });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('content-length'), String(Size));
  });
  await t.test('a range', async () => {
    const answer = await download(path, { Range: 'bytes=10-19' });
    assert.equal(answer.status, 206);
    assert.equal(answer.headers.get('content-range'), `bytes 10-19/${Size}`);
    assert.deepEqual(Buffer.from(await answer.arrayBuffer()), whole.subarray(10, 20));
  });
  await t.test('a range of the file that If-Range names, and the whole file otherwise', async () => {
    const same = await download(path, { Range: 'bytes=-5', 'If-Range': `"${Sha256}"` });
    assert.equal(same.status, 206);
    assert.deepEqual(Buffer.from(await same.arrayBuffer()), whole.subarray(-5));
    const other = await download(path, { Range: 'bytes=-5', 'If-Range': '"another"' });
    assert.equal(other.status, 200);
    assert.equal((await other.arrayBuffer()).byteLength, Size);
  });
  await t.test('a range outside of the file', async () => {
    const answer = await download(path, { Range: `bytes=${Size}-` });
    assert.equal(answer.status, 416);
    assert.equal(answer.headers.get('content-range'), `bytes */${Size}`);
    assert.equal(JSON.parse(await answer.text()).errorCode, 'RANGE_NOT_SATISFIABLE');
    assert.equal(answer.headers.get('content-disposition'), null);
  });
  await t.test('what the client has already', async () => {
    const answer = await download(path, { 'If-None-Match': `"other", "${Sha256}"` });
    assert.equal(answer.status, 304);
    assert.equal(await answer.text(), '');
  });
  await t.test('a build that did not succeed', async () => {
    const id = await idle.startBuild();
    assertRefused(await idle.call('GET', `${PACKAGES}/${id}/download`), 500, 'BUILD_NOT_SUCCEEDED');
    await idle.call('POST', `${PACKAGES}/${id}/cancel`);
    assertRefused(await idle.call('GET', `${PACKAGES}/${id}/download`), 500, 'BUILD_NOT_SUCCEEDED');
  });
});

test('a file whose size is not what it was is refused before a byte is sent', async () => {
  const { PackageId } = await world.build({ Version: '6.0.0' });
  const blobs = await openBlobsOf(world.server.dataFolder);
  const key = (await Array.fromAsync(blobs.list())).find((name) => name.startsWith(PackageId)) ?? '';
  await blobs.delete(key);
  await storeBlob(blobs, key, Buffer.alloc(10));
  assertRefused(await world.call('GET', `${PACKAGES}/${PackageId}/download`), 500, 'PACKAGE_DAMAGED');
});

test('a branch with a longer name than any forge has is refused, and not by a fault', async () => {
  // Of characters that nothing compresses, in folders that a file system takes.
  const part = () => Array.from({ length: 82 }, () => String.fromCharCode(0x4e00 + randomInt(0x5000))).join('');
  const branch = Array.from({ length: 11 }, part).join('/');
  const [Revision = ''] = await world.repository.commit([{ branch, parents: [], files: { 'a.txt': 'a' } }]);
  const refused = await world.call('POST', PACKAGES, { Branch: `branches/${branch}`, Revision, Version: '1.0.0' });
  assertRefused(refused, 400, 'INVALID_PARAMETERS');
  assert.match(refused.body.errorMessage, /is 2716 bytes long; at most 1000 are accepted/);
});

test('Retrieve Packages returns a bare array, newest first', async () => {
  const ids: string[] = [];
  for (let patch = 0; patch < 3; patch++) ids.push(await idle.startBuild({ Version: `7.0.${patch}` }));
  const { status, body } = await idle.call('GET', PACKAGES);
  assert.equal(status, 200);
  assert.ok(Array.isArray(body));
  assert.deepEqual(
    body.slice(0, 3).map(({ PackageId }: { PackageId: string }) => PackageId),
    ids.toReversed(),
  );
  for (const field of DOCUMENTED) for (const entry of body) assert.notEqual(entry[field] ?? null, null, field);
});

test('Retrieve Packages of an app without any is an empty array', async () => {
  await world.server.call('POST', '/manage/1/apps', { AppId: 'empty', Repository: world.repository.path });
  const { body } = await world.server.call('GET', '/api/1/apps/empty/packages');
  assert.deepEqual(body, []);
});

test('Retrieve Packages: error table', async () => {
  const answers = [
    await world.call('GET', '/api/1/apps/not_an_app/packages'),
    await world.call('GET', '/api/1/apps/unknown/packages'),
    await world.call('GET', '/api/1/apps//packages'),
    await world.server.call('GET', PACKAGES, undefined, world.stranger),
  ];
  for (const answer of answers) {
    assertRefused(answer, 400, 'INVALID_APPID');
    assert.deepEqual(answer.body, answers[0]?.body);
  }
});

test('an app that the user may not see is answered like one that does not exist', async () => {
  const id = await world.startBuild();
  const calls = [
    ['GET', `/packages/${id}`],
    ['GET', `/packages/${id}/download`],
    ['DELETE', `/packages/${id}`],
    ['POST', '/packages'],
  ] as const;
  for (const [method, path] of calls) {
    const body = method === 'POST' ? { Revision: '1', Version: '1.0.0' } : undefined;
    const hidden = await world.server.call(method, `/api/1/apps/calc${path}`, body, world.stranger);
    const missing = await world.server.call(method, `/api/1/apps/nothing${path}`, body, world.stranger);
    assertRefused(hidden, 404, 'APP_NOT_FOUND');
    assert.deepEqual(hidden.body, missing.body);
  }
});

test('API Rights take effect at once, and so does their end', async () => {
  const rights = '/manage/1/apps/calc/api-rights/stranger';
  const list = () => world.server.call('GET', PACKAGES, undefined, world.stranger);
  assert.equal((await list()).status, 400);
  await world.server.call('PUT', rights);
  assert.equal((await list()).status, 200);
  await world.server.call('DELETE', rights);
  assert.equal((await list()).status, 400);
});

test('without credentials, or with wrong ones, every call is refused alike', async () => {
  const wrong = { ...world.richard, apiKey: randomUUID() };
  const others = { ...world.richard, username: world.stranger.username };
  const nobody = { username: 'nobody', apiKey: randomUUID() };
  const bodies = [];
  for (const credentials of [wrong, others, nobody]) {
    const answer = await world.server.call('GET', PACKAGES, undefined, credentials);
    assertRefused(answer, 401, 'UNAUTHORIZED');
    bodies.push(answer.body);
  }
  assert.deepEqual(bodies[1], bodies[0]);
  assert.deepEqual(bodies[2], bodies[0]);
  for (const path of [PACKAGES, '/api/1/apps/unknown/packages', `${PACKAGES}/x`, '/manage/1/me']) {
    const answer = await fetch(world.server.url + path);
    assert.equal(answer.status, 401);
    assert.equal(JSON.parse(await answer.text()).errorCode, 'UNAUTHORIZED');
  }
});

test('the same Idempotency-Key and body give the same PackageId', async () => {
  const { username, apiKey } = idle.richard;
  const post = async (key: string, version: string) => {
    const answer = await fetch(idle.server.url + PACKAGES, {
      method: 'POST',
      headers: { 'Mendix-Username': username, 'Mendix-ApiKey': apiKey, 'Idempotency-Key': key },
      body: JSON.stringify({ Revision: idle.revisions[1], Version: version }),
    });
    return { status: answer.status, body: JSON.parse(await answer.text()) };
  };
  const first = await post('run-1', '8.0.0');
  assert.equal(first.status, 200);
  assert.deepEqual(await post('run-1', '8.0.0'), first);
  assert.notEqual((await post('run-2', '8.0.0')).body.PackageId, first.body.PackageId);
  assert.deepEqual((await post('run-1', '8.0.1')).body.errorCode, 'IDEMPOTENCY_KEY_REUSED');
  for (const key of ['', 'x'.repeat(256), 'sch\u00f6n']) {
    const answer = await post(key, '8.0.0');
    assert.equal(answer.status, 400);
    assert.equal(answer.body.errorCode, 'INVALID_PARAMETERS');
  }
});
