import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { type BuildApiWorld, openBuildApiWorld } from '../support/build-api-world.ts';
import { environmentCalls } from '../support/environments.ts';
import { makeMendixPackage } from '../support/make-zip.ts';
import { sendRaw } from '../support/raw-http.ts';
import type { Answer } from '../support/server.ts';
import { until } from '../support/until.ts';

function assertRefused({ status, body }: Answer, expectedStatus: number, code: string): void {
  assert.deepEqual([status, body.errorCode], [expectedStatus, code], JSON.stringify(body));
}

describe('free apps', () => {
  const cleanups: (() => unknown)[] = [];
  let world: BuildApiWorld;
  let apps = 0;
  let builds = 0;

  before(async () => {
    world = await openBuildApiWorld({ after: (work) => void cleanups.push(work) });
  });
  after(async () => {
    for (const cleanup of cleanups.toReversed()) await cleanup();
  });

  /** An app of a test's own, and the calls of an admin on it. */
  async function openApp(fields: object = {}) {
    const { call } = world.server;
    const AppId = `gift-${++apps}`;
    const { body } = await call('POST', '/manage/1/apps', { AppId, Repository: world.repository.path, ...fields });
    const [path, managed] = [`/api/1/apps/${AppId}`, `/manage/1/apps/${AppId}`];
    const find = async (id: string) => (await call('GET', `${path}/packages/${id}?wait=10`)).body;
    return {
      AppId,
      path,
      managed,
      projectId: body.ProjectId,
      call,
      license: async () => (await call('GET', managed)).body.License,
      makeFree: async (ProjectId: unknown = body.ProjectId) => await call('POST', '/api/1/apps', { ProjectId }),
      sandbox: environmentCalls(call, 'Sandbox', AppId),
      /** Builds a package. @returns it, once nothing is to be deployed any more */
      async build() {
        const build = { Revision: world.revisions[1], Version: `2.5.${++builds}` };
        const { PackageId } = (await call('POST', `${path}/packages`, build)).body;
        return await until('the package is built and deployed', async () => {
          const found = await find(PackageId);
          return found.Status === 'Succeeded' && found.DeployStatus !== 'Pending' && found;
        });
      },
    };
  }

  test('an app becomes a free one, and what it builds runs in its Sandbox without another call', async () => {
    const { AppId, makeFree, projectId, license, sandbox, build, call } = await openApp();
    const { status, body } = await makeFree();
    assert.equal(status, 200);
    assert.deepEqual(body, { AppId, Name: AppId, ProjectId: projectId, Url: '' });
    assert.equal(await license(), 'free');
    const { EnvironmentId, ...empty } = await sandbox.get();
    const shown = { Url: '', Mode: 'Sandbox', MendixVersion: '', Production: false };
    assert.deepEqual(empty, { ...shown, Status: 'Empty', ModelVersion: '' });

    const { PackageId, Version, DeployStatus, DeployMessage } = await build();
    assert.deepEqual([DeployStatus, DeployMessage], ['Done', null]);
    assert.deepEqual(await sandbox.get(), { ...shown, EnvironmentId, Status: 'Running', ModelVersion: Version });
    assert.equal((await call('GET', `${sandbox.path}/package`)).body.PackageId, PackageId);
  });

  test('whoever has API Rights makes an app free; one that is hidden is answered like none', async () => {
    const { server, projectId, stranger, richard } = world;
    const create = async (ProjectId: unknown, who = richard) =>
      await server.call('POST', '/api/1/apps', { ProjectId }, who);
    const refused = await create(randomUUID());
    assertRefused(refused, 400, 'INVALID_PROJECTID');
    for (const id of ['calc', '', null, 7, 'null', `${projectId}0`]) {
      assert.deepEqual((await create(id)).body, refused.body, String(id));
    }
    const hidden = await create(projectId, stranger);
    assert.deepEqual([hidden.status, hidden.body], [400, refused.body]);
    assertRefused(await server.call('POST', '/api/1/apps', [], richard), 400, 'INVALID_PARAMETERS');
    assert.equal((await create(projectId)).status, 200);
  });

  test('an app that has an environment does not become free', async () => {
    const { call, managed, makeFree, license, AppId } = await openApp();
    await call('POST', `${managed}/environments`, { Mode: 'Test' });
    const refused = await makeFree();
    assertRefused(refused, 400, 'APPLICATION_ALREADY_EXISTS');
    assert.match(refused.body.errorMessage, new RegExp(`'${AppId}' already has the environment 'Test'`));
    assertRefused(await call('PATCH', managed, { Free: true }), 400, 'INVALID_PARAMETERS');
    assert.equal(await license(), 'licensed');
    await call('DELETE', `${managed}/environments/Test`);
    assert.equal((await makeFree()).status, 200);
    assertRefused(await makeFree(), 400, 'APPLICATION_ALREADY_EXISTS');
  });

  test('the body is read however clients send it', async () => {
    const { projectId } = await openApp();
    const { admin, url } = world.server;
    const body = `projectid=${projectId.toUpperCase()}`;
    const lines = ['POST /api/1/apps/ HTTP/1.1', `Host: ${new URL(url).host}`, 'Connection: close'];
    const credentials = [`mendix-username: ${admin.username}`, `mendix-apikey: ${admin.apiKey}`];
    const type = ['Content-Type: application/x-www-form-urlencoded', `Content-Length: ${body.length}`];
    const { status, text } = await sendRaw(url, [...lines, ...credentials, ...type, '', ''].join('\r\n'), body);
    assert.equal(status, 200, text);
  });

  test('nothing is transported to a free app by hand, and it has no other environment; the rest is as for any', async () => {
    const { call, managed, sandbox, build } = await openApp({ Free: true });
    const { PackageId } = await build();
    const refused = await sandbox.transport(PackageId);
    assertRefused(refused, 403, 'TRANSPORT_NOT_ALLOWED');
    assert.match(refused.body.errorMessage, /free app/);
    const other = await call('POST', `${managed}/environments`, { Mode: 'Test' });
    assertRefused(other, 400, 'INVALID_PARAMETERS');
    assert.match(other.body.errorMessage, /'Sandbox' is the one environment/);
    assertRefused(await call('POST', `${managed}/environments`, { Mode: 'SANDBOX' }), 409, 'ALREADY_EXISTS');

    assert.equal((await sandbox.start()).body.errorCode, 'ALREADY_STARTED');
    assert.deepEqual((await sandbox.stop()).body, {});
    assert.equal((await sandbox.clean()).body[0].Status, 'Stopped');
    await sandbox.run();
  });

  test('a package that is uploaded is deployed as one that is built', async () => {
    const { path, sandbox } = await openApp({ Free: true });
    const { url, admin } = world.server;
    const headers = { 'Mendix-Username': admin.username, 'Mendix-ApiKey': admin.apiKey };
    const body = await makeMendixPackage({ ModelVersion: '7.8.9.1' });
    assert.equal((await fetch(`${url}${path}/packages/upload`, { method: 'POST', headers, body })).status, 200);
    await until('it runs', async () => (await sandbox.get()).Status === 'Running');
    assert.equal((await sandbox.get()).ModelVersion, '7.8.9.1');
  });

  test('the package that runs there is in use until the next one does', async () => {
    const { call, path, build } = await openApp({ Free: true });
    const remove = async (id: string) => (await call('DELETE', `${path}/packages/${id}`)).body.errorCode;
    const [first, second] = [await build(), await build()];
    assert.equal(await remove(second.PackageId), 'PACKAGE_IN_USE');
    assert.equal(await remove(first.PackageId), undefined);
  });

  test('an admin makes apps free and licensed, and gives the Sandbox anew; the newest package goes there', async () => {
    const { call, managed, build, sandbox, license } = await openApp();
    const versionThere = async () => {
      await until('it runs', async () => (await sandbox.get()).Status === 'Running');
      return (await sandbox.get()).ModelVersion;
    };
    await build();
    const newest = await build();
    assert.equal(newest.DeployStatus, null);
    assert.equal((await call('PATCH', managed, { Free: true })).body.License, 'free');
    assert.equal(await versionThere(), newest.Version);

    await sandbox.stop();
    assert.equal((await call('DELETE', `${managed}/environments/Sandbox`)).status, 200);
    const between = await build();
    assert.equal(between.DeployStatus, 'Skipped');
    assert.match(between.DeployMessage, /no environment 'Sandbox'/);
    assert.equal((await call('POST', `${managed}/environments`, { Mode: 'Sandbox' })).status, 200);
    assert.equal(await versionThere(), between.Version);

    await call('PATCH', managed, { Free: false });
    assert.equal(await license(), 'licensed');
    const later = await build();
    assert.equal(later.DeployStatus, null);
    assert.equal((await sandbox.transport(later.PackageId)).status, 200);
  });
});
