import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { hash, randomUUID } from 'node:crypto';
import { access, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { parseS3Address } from '../../src/blob/s3-address.ts';
import { isOwnerBlob } from '../../src/operations/owner-blobs.ts';
import { findFreePort } from '../support/find-free-port.ts';
import { makeTestRepository } from '../support/git.ts';
import { noise } from '../support/made-content.ts';
import { makeMendixPackage } from '../support/make-zip.ts';
import { listBlocks } from '../support/page-blocks.ts';
import { runSlipway } from '../support/run-slipway.ts';
import { startFaultyS3 } from '../support/s3/s3-faults.ts';
import { atEndpoint, openTestS3, type TestS3 } from '../support/s3/s3-server.ts';
import { type Answer, call } from '../support/server.ts';
import { startServerProcess } from '../support/server-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const PACKAGES = '/api/1/apps/calc/packages';

/** A server whose packages are in S3, with an app of some megabytes. */
async function openWorld(t: TestContext, s3: TestS3, variables: Readonly<Record<string, string>> = {}) {
  const folder = await temporaryFolder(t);
  const data = join(folder, 'data');
  const source = await makeTestRepository(join(folder, 'source.git'));
  const [revision] = await source.commit([{ branch: 'main', files: { 'data.bin': noise(9_500_000, 'data') } }]);
  const start = async () => {
    const server = await startServerProcess(data, { ...s3.variables, ...variables });
    t.after(() => server.end('SIGKILL'));
    return server;
  };
  const server = await start();
  const ask = (method: string, path: string, body?: unknown) => call(server.url, method, path, body, server.admin);
  await ask('POST', '/manage/1/apps', { AppId: 'calc', Repository: source.path, MainBranch: 'main' });
  const build = async (version: string, deadlineMs?: number): Promise<Answer['body']> => {
    const started = await ask('POST', PACKAGES, { Revision: revision, Version: version });
    const hasEnded = async () => {
      const { body } = await ask('GET', `${PACKAGES}/${started.body.PackageId}?wait=10&url=true`);
      return (body.Status === 'Succeeded' || body.Status === 'Failed') && body;
    };
    return until('it has ended', hasEnded, deadlineMs);
  };
  return { folder, data, server, start, ask, build };
}

function openClient(t: TestContext, { connection }: TestS3): S3Client {
  const client = new S3Client({ ...connection, forcePathStyle: true });
  t.after(() => client.destroy());
  return client;
}

/** Those that a server put there, but for those that say whose the store is. */
async function listObjects(client: S3Client, { address }: TestS3): Promise<string[]> {
  const command = new ListObjectsV2Command({ Bucket: address.bucket, Prefix: address.prefix });
  const names = ((await client.send(command)).Contents ?? []).map(({ Key = '' }) => Key.slice(address.prefix.length));
  assert.ok(names.some(isOwnerBlob));
  return names.filter((name) => !isOwnerBlob(name));
}

/** Downloads as people do. */
async function curl(folder: string, ...args: string[]): Promise<{ readonly head: string; readonly bytes: Buffer }> {
  const file = join(folder, randomUUID());
  const { stdout } = await promisify(execFile)('curl', ['-sS', '-D', '-', '-o', file, ...args]);
  return { head: stdout.toLowerCase(), bytes: await readFile(file) };
}

for (const downloads of ['server', 'store'] as const) {
  test(`a package in S3 is built, downloaded from the ${downloads} and deleted`, async (t) => {
    const s3 = await openTestS3(t);
    const client = openClient(t, s3);
    const { folder, data, server, ask, build } = await openWorld(t, s3, { SLIPWAY_DOWNLOADS: downloads });
    const { PackageId, Name, Status, Sha256, Size, Url } = await build('1.0.0');
    assert.equal(Status, 'Succeeded');
    assert.equal((await listObjects(client, s3)).length, 1);
    await assert.rejects(access(join(data, 'packages')));
    assert.ok(Url.Location.startsWith(downloads === 'store' ? s3.endpoint : server.url), Url.Location);
    assert.equal(Url.TTL, 900);

    const linked = await curl(folder, Url.Location);
    assert.match(linked.head, /^http\/1.1 200 /);
    assert.ok(linked.head.includes(`content-disposition: attachment; filename="${Name.toLowerCase()}"`), linked.head);
    assert.equal(hash('sha256', linked.bytes), Sha256);
    const part = await curl(folder, '-r', '9000000-9000099', Url.Location);
    assert.match(part.head, /^http\/1.1 206 /);
    assert.ok(part.bytes.equals(linked.bytes.subarray(9_000_000, 9_000_100)));

    const { username, apiKey } = server.admin;
    const key = ['-H', `Mendix-Username: ${username}`, '-H', `Mendix-ApiKey: ${apiKey}`];
    const direct = await curl(folder, ...key, `${server.url}${PACKAGES}/${PackageId}/download`);
    assert.match(direct.head, /^http\/1.1 200 /);
    assert.equal(direct.bytes.length, Size);
    assert.equal(hash('sha256', direct.bytes), Sha256);

    assert.equal((await ask('DELETE', `${PACKAGES}/${PackageId}`)).status, 200);
    assert.deepEqual(await listObjects(client, s3), []);
  });
}

test('the variables of the guide are those of a server whose packages are in S3', async (t) => {
  const s3 = await openTestS3(t);
  const page = await readFile(new URL('../../docs/s3.md', import.meta.url), 'utf8');
  const lines =
    listBlocks(page)
      .find(({ mark = '' }) => mark.includes('s3.test.ts'))
      ?.text.trim()
      .split('\n') ?? [];
  const named = lines.map((line) => line.split('=')[0] ?? '');
  assert.deepEqual(named.toSorted(), Object.keys(s3.variables).toSorted());
  const given = Object.fromEntries(lines.map((line) => line.split('=')));
  assert.equal(given.SLIPWAY_S3_PATH_STYLE, s3.variables.SLIPWAY_S3_PATH_STYLE);
  assert.ok(parseS3Address(given.SLIPWAY_BLOBS));
  const { build } = await openWorld(t, s3);
  assert.equal((await build('1.0.0')).Status, 'Succeeded');
});

test('an upload goes into S3, and is read from there', async (t) => {
  const s3 = await openTestS3(t);
  const { folder, server, ask } = await openWorld(t, s3);
  const file = join(folder, 'uploaded.mda');
  await writeFile(file, await makeMendixPackage({ RuntimeVersion: '10.18.3' }));
  const { username, apiKey } = server.admin;
  const variables = { SLIPWAY_URL: server.url, SLIPWAY_USERNAME: username, SLIPWAY_API_KEY: apiKey };
  const uploaded = await runSlipway(t, folder, ['package', 'upload', 'calc', file], variables);
  assert.equal(uploaded.code, 0, uploaded.stderr);
  const { body } = await ask('GET', PACKAGES);
  assert.equal(body[0].Status, 'Succeeded');
  assert.equal((await listObjects(openClient(t, s3), s3)).length, 1);
});

test('objects that no package speaks of are swept, and others than packages are left alone', async (t) => {
  const s3 = await openTestS3(t);
  const client = openClient(t, s3);
  const { server, start, build } = await openWorld(t, s3);
  await build('1.0.0');
  const [kept = ''] = await listObjects(client, s3);
  await server.end('SIGKILL');
  const { bucket: Bucket, prefix } = s3.address;
  for (const name of [`${randomUUID()}.1.abc`, kept.replace(/[^.]+$/, 'zzz'), 'README']) {
    await client.send(new PutObjectCommand({ Bucket, Key: prefix + name, Body: 'x' }));
  }
  await start();
  await until('only what is wanted is left', async () => {
    const names = await listObjects(client, s3);
    assert.ok(names.includes(kept) && names.includes('README'));
    return names.length === 2;
  });
});

test('while the store is away builds fail with a reason and downloads are refused; afterwards all is as before', async (t) => {
  const direct = await openTestS3(t);
  const faults = await startFaultyS3(t, direct.endpoint);
  const s3 = atEndpoint(direct, faults.endpoint);
  const { server, ask, build } = await openWorld(t, s3, { AWS_MAX_ATTEMPTS: '2' });
  const first = await build('1.0.0');
  const deleted = await build('1.0.1');
  const away = faults.add({ on: /./, times: Number.POSITIVE_INFINITY, effect: { kind: 'status', status: 500 } });
  // What is written is tried for two minutes.
  const failed = await build('2.0.0', 240_000);
  assert.equal(failed.Status, 'Failed');
  assert.match(failed.StatusReason, /^The store that packages are kept in cannot be reached/);
  const download = `${PACKAGES}/${first.PackageId}/download`;
  const refused = await ask('GET', download);
  assert.deepEqual([refused.status, refused.body.errorCode], [503, 'STORE_UNAVAILABLE']);
  assert.equal((await ask('DELETE', `${PACKAGES}/${deleted.PackageId}`)).status, 200);
  away.end();
  const { username, apiKey } = server.admin;
  const headers = { 'Mendix-Username': username, 'Mendix-ApiKey': apiKey };
  const bytes = await (await fetch(server.url + download, { headers })).bytes();
  assert.equal(hash('sha256', bytes), first.Sha256);
  assert.equal((await build('3.0.0')).Status, 'Succeeded');
});

test('a server does not start on a store that it cannot use, and doctor says the same', async (t) => {
  const s3 = await openTestS3(t);
  const folder = await temporaryFolder(t);
  const slipway = (command: string, variables: Readonly<Record<string, string>>) => {
    const where = ['--port', '0', '--data', join(folder, 'data')];
    return runSlipway(t, folder, [command, ...where], { ...s3.variables, AWS_MAX_ATTEMPTS: '1', ...variables });
  };
  const unused = `http://127.0.0.1:${await findFreePort()}`;
  for (const [variables, sentence] of [
    [
      { SLIPWAY_BLOBS: 's3://not-there' },
      /There is no bucket for s3:\/\/not-there at http.*: make it, or name another one/,
    ],
    [{ AWS_SECRET_ACCESS_KEY: 'wrong' }, /may not do this in s3:.*: check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY/],
    [
      { AWS_ENDPOINT_URL_S3: unused },
      / at http:\/\/127.0.0.1:\d+ cannot be reached \(ECONNREFUSED\): check AWS_ENDPOINT_URL_S3/,
    ],
    [
      { AWS_ACCESS_KEY_ID: '', AWS_EC2_METADATA_DISABLED: 'true' },
      /There are no credentials for s3:.*: set AWS_ACCESS_KEY_ID/,
    ],
    [{ AWS_REGION: '' }, /The region of s3:.* is not known: set AWS_REGION/],
  ] as const) {
    const served = await slipway('serve', variables);
    assert.equal(served.code, 8);
    assert.match(served.stderr, sentence);
    assert.equal(served.stderr.trim().split('\n').length, 1, served.stderr);
  }
  assert.match(
    (await slipway('doctor', { SLIPWAY_BLOBS: 's3://not-there' })).stdout,
    /✖ S3 store .*\n +There is no bucket/,
  );
  assert.match((await slipway('doctor', {})).stdout, /✔ S3 store +s3:\/\/\S+ can be listed and written/);
});

test('what is in S3 is verified, backed up, and restored into another place there', async (t) => {
  const s3 = await openTestS3(t);
  const { folder, data, server, build } = await openWorld(t, s3);
  await build('1.0.0');
  await server.end('SIGTERM');
  const slipway = async (variables: TestS3['variables'], ...args: string[]) => {
    const outcome = await runSlipway(t, folder, args, variables);
    assert.equal(outcome.code, 0, outcome.stdout + outcome.stderr);
    return outcome.stdout;
  };
  const verified = /packages +1 of 1 are sound/;
  assert.match(await slipway(s3.variables, 'doctor', '--verify', '--port', '0', '--data', data), verified);
  await slipway(s3.variables, 'backup', 'all.tar', '--data', data);
  await slipway(s3.variables, 'backup', 'list.tar', '--packages', 'list', '--data', data);

  const other = { ...s3.variables, SLIPWAY_BLOBS: `${s3.variables.SLIPWAY_BLOBS}other/` };
  for (const [file, variables] of [
    ['all.tar', other],
    // The bucket outlived the server.
    ['all.tar', s3.variables],
    ['list.tar', s3.variables],
    // Back to a folder.
    ['all.tar', {}],
  ] as const) {
    const to = join(folder, randomUUID());
    const restored = await slipway(variables, 'restore', file, '--json', '--data', to);
    const { Packages } = JSON.parse(restored);
    assert.equal(Packages, 1);
    const isInFolder = (await readdir(to)).includes('packages');
    assert.equal(isInFolder, !('SLIPWAY_BLOBS' in variables));
    if (variables === other) {
      assert.match(await slipway(other, 'doctor', '--verify', '--port', '0', '--data', to), verified);
    }
  }
});
