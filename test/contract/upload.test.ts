import assert from 'node:assert/strict';
import { hash, randomUUID } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type BuildApiWorld, openBuildApiWorld } from '../support/build-api-world.ts';
import { environmentCalls } from '../support/environments.ts';
import { noise } from '../support/made-content.ts';
import { craftZip, makeMendixPackage, makeZip } from '../support/make-zip.ts';
import { sendRaw } from '../support/raw-http.ts';
import type { Answer, Credentials } from '../support/server.ts';
import { embeddedOnly, IS_SHARED } from '../support/shape.ts';
import { openBlobsOf } from '../support/stores.ts';
import { until } from '../support/until.ts';

const PACKAGES = '/api/1/apps/calc/packages';
const V1 = `${PACKAGES}/upload`;
const V2 = '/api/v2/apps/calc/packages/upload';
const METADATA = { RuntimeVersion: '10.6.3.1234', ModelVersion: '2.5.4.17', Constants: [] };
const LIMIT_BYTES = 300_000;

function assertRefused({ status, body }: Answer, expectedStatus: number, code: string): void {
  assert.deepEqual([status, body.errorCode], [expectedStatus, code], JSON.stringify(body));
  assert.equal(typeof body.errorMessage, 'string');
}

function headersOf({ username, apiKey }: Credentials): Record<string, string> {
  return { 'Mendix-Username': username, 'Mendix-ApiKey': apiKey };
}

type BodyInit = NonNullable<RequestInit['body']>;

interface Sending {
  readonly credentials?: Credentials;
  readonly headers?: Readonly<Record<string, string>>;
}

async function post(world: BuildApiWorld, path: string, body: BodyInit, sending: Sending = {}): Promise<Answer> {
  const headers = { ...headersOf(sending.credentials ?? world.richard), ...sending.headers };
  const response = await fetch(world.server.url + path, { method: 'POST', headers, body, ...HALF });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

/** What `fetch` wants for a body that is a stream. */
const HALF = { duplex: 'half' } as object;

function formOf(file: Uint8Array, part = 'file', fileName = 'local.mda'): FormData {
  const form = new FormData();
  form.set(part, new Blob([Buffer.from(file)]), fileName);
  return form;
}

async function show(world: BuildApiWorld, id: string): Promise<Answer['body']> {
  return (await world.call('GET', `${PACKAGES}/${id}`)).body;
}

/** A request as it goes over the line, for those that no library would make. */
function requestText({ richard }: BuildApiWorld, path: string, headers: Readonly<Record<string, string>>): string {
  const lines = Object.entries({ Host: 'localhost', Connection: 'close', ...headersOf(richard), ...headers });
  return `POST ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
}

describe('uploads', () => {
  const cleanups: (() => unknown)[] = [];
  let world: BuildApiWorld;
  let zip: Buffer;

  before(async () => {
    world = await openBuildApiWorld({ after: (work) => void cleanups.push(work) }, { uploadLimitBytes: LIMIT_BYTES });
    zip = await makeMendixPackage(METADATA, { 'model/model.mdp': 'model' });
  });
  after(async () => {
    for (const cleanup of cleanups.toReversed()) await cleanup();
  });

  /** The files of packages, and what writers have not finished. */
  const listFiles = async () => {
    if (IS_SHARED) return await Array.fromAsync((await openBlobsOf(world.server.dataFolder)).list());
    const entries = await readdir(join(world.server.dataFolder, 'packages'), { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  };

  test('an uploaded package is a package like any other, with the versions that it says of itself', async () => {
    const { status, body } = await post(world, `${V1}?name=Calc%20App.mda`, formOf(zip));
    assert.equal(status, 200, JSON.stringify(body));
    assert.deepEqual(Object.keys(body), ['PackageId']);
    const found = await show(world, body.PackageId);
    const { CreationDate, FinishedDate, DurationMs, ...rest } = found;
    assert.deepEqual(rest, {
      PackageId: body.PackageId,
      Name: 'Calc App.mda',
      Description: '',
      Version: '2.5.4.17',
      Creator: 'Richard Ford',
      Status: 'Succeeded',
      Size: zip.length,
      Branch: '',
      Revision: '',
      Sha256: hash('sha256', zip),
      StatusReason: null,
      TagStatus: null,
      TagMessage: null,
      DeployStatus: null,
      DeployMessage: null,
      MendixVersion: '10.6.3.1234',
      Pinned: false,
      ExpiryDate: null,
    });
    assert.ok(FinishedDate >= CreationDate && DurationMs >= 0);
    assert.deepEqual((await world.call('GET', PACKAGES)).body[0], found);
    const file = await fetch(`${world.server.url}${PACKAGES}/${body.PackageId}/download`, {
      headers: headersOf(world.richard),
    });
    assert.match(file.headers.get('content-disposition') ?? '', /filename="Calc App.mda"/);
    assert.deepEqual(Buffer.from(await file.arrayBuffer()), zip);
    const log = await fetch(`${world.server.url}${PACKAGES}/${body.PackageId}/log`, {
      headers: headersOf(world.richard),
    });
    assert.match(await log.text(), /Uploaded as Calc App.mda: \d+ bytes, SHA-256 .*\n.*Succeeded: 3 files, /);
  });

  test('it is transported, in use, started and deleted as one that was built', async () => {
    const { PackageId } = (await post(world, V1, zip)).body;
    await world.server.call('POST', '/manage/1/apps/calc/environments', { Mode: 'Test' });
    const environment = environmentCalls(world.call, 'Test');
    assert.deepEqual((await environment.transport(PackageId)).body, {});
    const { ModelVersion, MendixVersion } = await environment.get();
    assert.deepEqual([ModelVersion, MendixVersion], ['2.5.4.17', '10.6.3.1234']);
    assertRefused(await world.call('DELETE', `${PACKAGES}/${PackageId}`), 409, 'PACKAGE_IN_USE');
    await environment.run();
    await environment.stop();
    await environment.transport((await post(world, V1, zip)).body.PackageId);
    assert.equal((await world.call('DELETE', `${PACKAGES}/${PackageId}`)).status, 200);
    assertRefused(await world.call('GET', `${PACKAGES}/${PackageId}`), 404, 'PACKAGE_NOT_FOUND');
    assert.ok((await listFiles()).every((name) => !name.startsWith(PackageId)));
  });

  test('it leaves what was built for a branch alone', async () => {
    const built = await world.build();
    const branch = async () => (await world.call('GET', '/api/1/apps/calc/branches/trunk')).body.LatestTaggedVersion;
    const before = await branch();
    await post(world, V1, zip);
    assert.equal(await branch(), before);
    assert.match(before, /^2\.5\.4\./);
    assert.equal((await show(world, built.PackageId)).Status, 'Succeeded');
  });

  test('without metadata it has the documented name and no version', async () => {
    const bare = await makeZip({ 'a.txt': 'no app of Mendix' });
    const { Name, Version, MendixVersion } = await show(world, (await post(world, V1, bare)).body.PackageId);
    assert.deepEqual([Name, Version, MendixVersion], ['default.mda', '0.0.0.0', null]);
    const odd = await makeMendixPackage({ ModelVersion: 'x'.repeat(5000), RuntimeVersion: '../..' });
    const found = await show(world, (await post(world, V1, odd)).body.PackageId);
    assert.deepEqual([found.Version, found.MendixVersion], ['0.0.0.0', null]);
  });

  test('name and description may stand in the address or in the form, before or behind the file', async () => {
    const nameOf = async (path: string, form: FormData) => {
      const { Name, Description } = await show(world, (await post(world, path, form)).body.PackageId);
      return [Name, Description];
    };
    const behind = formOf(zip);
    behind.set('Name', 'behind.mda');
    behind.set('description', 'of the form');
    assert.deepEqual(await nameOf(V1, behind), ['behind.mda', 'of the form']);
    const before = new FormData();
    before.set('name', 'before.mda');
    before.set('FILE', new Blob([Buffer.from(zip)]), 'x');
    assert.deepEqual(await nameOf(V1, before), ['before.mda', '']);
    const both = `${V1}?name=of-the-address.mda&description=said`;
    assert.deepEqual(await nameOf(both, behind), ['of-the-address.mda', 'said']);
    assert.deepEqual(await nameOf(`${V1}?name=`, formOf(zip)), ['default.mda', '']);
    assert.deepEqual(await nameOf(`${V1}?name=${encodeURIComponent('out\\a/b:c.mda')}`, formOf(zip)), ['b-c.mda', '']);
    assertRefused(await post(world, `${V1}?name=${'n'.repeat(201)}`, zip), 400, 'INVALID_PARAMETERS');
  });

  const TYPES = [
    'application/octet-stream',
    'application/x-www-form-urlencoded',
    'application/json',
    'false',
    undefined,
  ];

  test('raw bytes are taken under any Content-Type, with a length or chunked, at once or byte by byte', async () => {
    for (const type of [...TYPES, 'multipart/form-data', 'multipart/form-data; boundary=x']) {
      const headers = type === undefined ? {} : { 'Content-Type': type };
      const withLength = requestText(world, V1, { ...headers, 'Content-Length': String(zip.length) });
      const plain = await sendRaw(world.server.url, withLength, zip);
      assert.equal(plain.status, 200, `${type}: ${plain.text}`);
      const [first, second] = [zip.subarray(0, 1), zip.subarray(1)];
      const chunks = [first, second].flatMap((part) => [`${part.length.toString(16)}\r\n`, part, '\r\n']);
      const chunked = requestText(world, V1, { ...headers, 'Transfer-Encoding': 'chunked' });
      const pieces = await sendRaw(world.server.url, chunked, ...chunks, '0\r\n\r\n');
      assert.equal(pieces.status, 200, `${type}: ${pieces.text}`);
    }
  });

  test('a form is taken whatever its Content-Type says, its boundary or that of another', async () => {
    const file = (boundary: string) =>
      Buffer.concat([
        Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="x.mda"\r\n\r\n`),
        zip,
        Buffer.from(`\r\n--${boundary}--\r\n`),
      ]);
    for (const type of [...TYPES, 'multipart/form-data', 'multipart/form-data; boundary=other']) {
      const body = file('----form 1.2/x=');
      const headers = { ...(type !== undefined && { 'Content-Type': type }), 'Content-Length': String(body.length) };
      const answer = await sendRaw(world.server.url, requestText(world, V1, headers), body);
      assert.equal(answer.status, 200, `${type}: ${answer.text}`);
    }
    const body = Buffer.concat([Buffer.from('\r\n'), file('b')]);
    const text = requestText(world, V1, { 'Content-Length': String(body.length) });
    assert.equal(
      (await sendRaw(world.server.url, text, ...[...body].map((_, at) => body.subarray(at, at + 1)))).status,
      200,
    );
  });

  test('curl, which waits to be told to go on, is', async () => {
    const text = requestText(world, `${V1}/`, { Expect: '100-continue', 'Content-Length': String(zip.length) });
    const { status, text: answer } = await sendRaw(world.server.url, text, zip);
    assert.equal(status, 100);
    assert.match(answer, /^HTTP\/1\.1 200 OK/);
  });

  test('what is no package is refused with the documented code, and says why', async () => {
    const cases: readonly (readonly [BodyInit, RegExp])[] = [
      ['', /empty/],
      ['<html>no zip</html>', /it starts '<html>no zip/],
      ['{"PackageId": 1}', /it starts '\{/],
      [formOf(Buffer.from('not a zip')), /it starts 'not a zip'/],
      [new FormData(), /has no file|too early/],
      ['--b\r\nContent-Disposition: form-data; name="Name"\r\n\r\nx\r\n--b--\r\n', /has no file/],
      ['--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nPK', /too early/],
      ['--b\r\n', /too early|has no file/],
      [zip.subarray(0, zip.length - 5), /is no zip, or a damaged one/],
      [zip.subarray(0, 3), /is no zip, or a damaged one/],
      [await makeZip({}), /holds no file/],
      [craftZip([{ name: '../../etc/passwd', content: 'x' }]), /invalid relative path/],
      [
        craftZip([
          { name: 'a', content: 'x' },
          { name: 'a', content: 'y' },
        ]),
        /stands in it twice/,
      ],
      [craftZip([{ name: 'a', content: Buffer.alloc(2_000_000) }]), /holds more than 1200000 bytes, unpacked/],
      [craftZip([{ name: 'a', content: 'abc', crc32: 7 }]), /the checksum of 'a' is wrong/],
      [craftZip([{ name: 'a', content: 'x', packedBytes: 70_000 }]), /reach beyond the end/],
      [craftZip([{ name: 'a', content: Buffer.alloc(9_000_000), sizeBytes: 10 }]), /more than the 10 bytes/],
      [
        craftZip([
          { name: 'a', sizeBytes: 0xffff_fff0 },
          { name: 'b', sizeBytes: 0xffff_fff0 },
        ]),
        /holds more than 1200000 bytes/,
      ],
    ];
    for (const [body, message] of cases) {
      const answer = await post(
        world,
        V1,
        typeof body === 'string' || body instanceof FormData ? body : Buffer.from(body as Buffer),
      );
      assertRefused(answer, 500, 'INVALID_PACKAGE');
      assert.match(answer.body.errorMessage, message);
    }
    const two = formOf(zip);
    two.set('other', new Blob([Buffer.from(zip)]), 'other.mda');
    assertRefused(await post(world, V1, two), 500, 'INVALID_PACKAGE');
    await until('nothing is left', async () => (await listFiles()).every((name) => /\.1\./.test(name)));
  });

  test('the app is looked for before the body is read', async () => {
    for (const base of ['/api/1', '/api/v2']) {
      const send = (app: string, credentials?: Credentials) =>
        post(world, `${base}/apps/${app}/packages/upload`, zip, credentials && { credentials });
      assertRefused(await send('not_an_app_id'), 400, 'INVALID_APPID');
      assertRefused(await send('nowhere'), 404, 'APP_NOT_FOUND');
      assertRefused(await send('calc', world.stranger), 404, 'APP_NOT_FOUND');
      assertRefused(
        await send('calc', { username: 'richard.ford51@example.com', apiKey: randomUUID() }),
        401,
        'UNAUTHORIZED',
      );
      assert.equal((await send(world.projectId)).status, 200);
      assert.equal((await send('CALC')).status, 200);
    }
  });

  test('a package of more than the limit is refused, before the whole of it was sent where its length says so', async () => {
    const fits = await makeZip({ 'a.bin': noise(LIMIT_BYTES - 200, 'a') });
    assert.ok(fits.length <= LIMIT_BYTES && fits.length > LIMIT_BYTES - 200);
    assert.equal((await post(world, V1, fits)).status, 200);
    assert.equal((await post(world, V1, formOf(fits))).status, 200);
    const large = await makeZip({ 'a.bin': noise(LIMIT_BYTES + 1, 'a') });
    for (const body of [large, formOf(large), new Blob([Buffer.from(large)]).stream()]) {
      const answer = await post(world, V1, body instanceof Uint8Array ? Buffer.from(body) : body);
      assertRefused(answer, 413, 'PAYLOAD_TOO_LARGE');
      assert.match(answer.body.errorMessage, /more than 300000 bytes/);
    }
    const told = requestText(world, V1, { 'Content-Length': String(2 ** 40) });
    const answer = await sendRaw(world.server.url, told, zip);
    assert.deepEqual([answer.status, answer.json().errorCode], [413, 'PAYLOAD_TOO_LARGE']);
    await until('nothing is left', async () => (await listFiles()).every((name) => /\.1\./.test(name)));
  });

  test('a client that sends on after a refusal gets to read it, and its connection is good for more', async () => {
    const refused = requestText(world, V1, { Connection: 'keep-alive', 'Content-Length': '900000' });
    const next = requestText(world, V1, { 'Content-Length': String(zip.length) });
    const rest = noise(900_000 - 9, 'a');
    const { status, text } = await sendRaw(world.server.url, refused, 'no zip at', rest, next, zip);
    assert.equal(status, 500);
    assert.match(text, /INVALID_PACKAGE.*\r?\n?HTTP\/1\.1 200 OK/s);
  });

  const skip = embeddedOnly('what is written into S3 is seen when it is whole');
  test('a client that vanishes, also one whose length lies, leaves nothing', { skip }, async () => {
    const count = (await world.call('GET', PACKAGES)).body.length;
    const before = (await listFiles()).length;
    const { hostname, port } = new URL(world.server.url);
    const socket = connect(Number(port), hostname);
    socket.write(requestText(world, V1, { 'Content-Length': String(zip.length + 1) }));
    socket.write(zip);
    await until('the server is writing', async () => (await listFiles()).length === before + 1);
    socket.destroy();
    await until('the file is gone', async () => (await listFiles()).length === before);
    assert.equal((await world.call('GET', PACKAGES)).body.length, count);
    // One that promises less than it sends has sent a package that ends in the middle, and then what is no request.
    const less = requestText(world, V1, { 'Content-Length': String(zip.length - 1) });
    const answer = await sendRaw(world.server.url, less, zip);
    assert.equal(answer.status, 400);
    const isOver = ({ Status }: { Status: string }) => Status === 'Succeeded' || Status === 'Failed';
    const list = await until('nothing is under way', async () => {
      const { body } = await world.call('GET', PACKAGES);
      return body.every(isOver) && body;
    });
    assert.ok(list.length === count || list[0].Status === 'Failed');
  });

  test('the second version answers a job, which ends as its package does', async () => {
    const ended = async (JobId: string) =>
      await until('the job has ended', async () => {
        const { status, body } = await world.call('GET', `/api/v2/apps/Calc/jobs/${JobId}/`);
        assert.equal(status, 200);
        assert.deepEqual(Object.keys(body), ['Status']);
        assert.match(body.Status, /^(?:Queued|Running|Completed|Failed)$/);
        return (body.Status === 'Completed' || body.Status === 'Failed') && body.Status;
      });
    for (const body of [formOf(zip), Buffer.from(zip)]) {
      const answer = await post(world, `${V2}/?name=two.mda`, body);
      assert.equal(answer.status, 200);
      assert.deepEqual(Object.keys(answer.body), ['PackageId', 'JobId']);
      assert.match((await show(world, answer.body.PackageId)).Status, /^(?:Uploading|Succeeded)$/);
      assert.equal(await ended(answer.body.JobId), 'Completed');
      const { Status, Name, Version } = await show(world, answer.body.PackageId);
      assert.deepEqual([Status, Name, Version], ['Succeeded', 'two.mda', '2.5.4.17']);
    }
    const broken = (await post(world, V2, Buffer.from(zip.subarray(0, -9)))).body;
    assert.equal(await ended(broken.JobId), 'Failed');
    const { Status, StatusReason, Size, Sha256 } = await show(world, broken.PackageId);
    assert.deepEqual([Status, Size, Sha256], ['Failed', 0, null]);
    assert.match(StatusReason, /cannot be read: it is no zip, or a damaged one/);
    assert.equal((await world.call('DELETE', `${PACKAGES}/${broken.PackageId}`)).status, 200);
    assertRefused(await world.call('GET', `/api/v2/apps/calc/jobs/${broken.JobId}`), 404, 'NO_SUCH_JOB');
  });

  test('an unknown job, a build and an unknown app are no jobs', async () => {
    const { PackageId } = await world.build();
    for (const id of [randomUUID(), 'null', 'x', PackageId]) {
      assertRefused(await world.call('GET', `/api/v2/apps/calc/jobs/${id}`), 404, 'NO_SUCH_JOB');
    }
    assertRefused(await world.call('GET', `/api/v2/apps/nowhere/jobs/${PackageId}`), 404, 'APP_NOT_FOUND');
    assertRefused(await world.call('GET', `/api/v2/apps/no_app/jobs/${PackageId}`), 400, 'INVALID_APPID');
    assertRefused(await world.call('GET', '/api/v2/nothing'), 404, 'NOT_FOUND');
    assertRefused(await world.call('GET', V2), 405, 'METHOD_NOT_ALLOWED');
  });

  test('a token needs the scope of the call', async () => {
    const { username } = world.richard;
    const make = async (scope: string) =>
      (await world.server.call('POST', `/manage/1/users/${username}/keys`, { Scopes: [scope] })).body.Key;
    const send = async (path: string, method: string, scope: string) => {
      const headers = { Authorization: `MxToken ${await make(scope)}` };
      const body = method === 'POST' ? { body: Buffer.from(zip) } : {};
      return (await fetch(world.server.url + path, { method, headers, ...body })).status;
    };
    const { JobId } = (await post(world, V2, Buffer.from(zip))).body;
    assert.equal(await send(V1, 'POST', 'mx:deployment:read'), 403);
    assert.equal(await send(V2, 'POST', 'mx:deployment:read'), 403);
    assert.equal(await send(V1, 'POST', 'mx:deployment:write'), 200);
    assert.equal(await send(`/api/v2/apps/calc/jobs/${JobId}`, 'GET', 'mx:deployment:read'), 200);
  });

  test('many at once are all received and checked', async () => {
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, n) => post(world, `${V1}?name=${n}.mda`, formOf(zip))),
    );
    for (const { status, body } of answers) assert.equal(status, 200, JSON.stringify(body));
    assert.equal(new Set(answers.map(({ body }) => body.PackageId)).size, 12);
  });
});
