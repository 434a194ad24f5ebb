import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { type BuildApiWorld, openBuildApiWorld } from '../support/build-api-world.ts';
import { environmentCalls } from '../support/environments.ts';
import { sendRaw } from '../support/raw-http.ts';
import type { Answer } from '../support/server.ts';
import { until } from '../support/until.ts';

const APP = '/api/1/apps/calc';
const MANAGED = '/manage/1/apps/calc/environments';
const URL_OF_TEST = 'https://calc-test.example.com';

function assertRefused({ status, body }: Answer, expectedStatus: number, code: string): void {
  assert.deepEqual([status, body.errorCode], [expectedStatus, code], JSON.stringify(body));
  assert.equal(typeof body.errorMessage, 'string');
}

async function createEnvironment({ server }: BuildApiWorld, Mode: string, fields: object = {}): Promise<Answer> {
  const answer = await server.call('POST', MANAGED, { Mode, ...fields });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer;
}

describe('the Deploy API', () => {
  const cleanups: (() => unknown)[] = [];
  let world: BuildApiWorld;
  let first: Answer['body'];
  let second: Answer['body'];

  before(async () => {
    world = await openBuildApiWorld({ after: (work) => void cleanups.push(work) });
    first = await world.build();
    second = await world.build({ Version: '2.5.5' });
  });
  after(async () => {
    for (const cleanup of cleanups.toReversed()) await cleanup();
  });

  test('apps are listed for those who may see them, with where they are found', async () => {
    const { server, call, projectId, stranger } = world;
    const expected = { AppId: 'calc', Name: 'calc', ProjectId: projectId, Url: '' };
    assert.deepEqual((await call('GET', '/api/1/apps')).body, [expected]);
    await createEnvironment(world, 'Old', { Url: 'https://old.example.com' });
    await createEnvironment(world, 'Live', { Url: 'https://calc.example.com', Production: true });
    const found = { ...expected, Url: 'https://calc.example.com' };
    assert.deepEqual((await call('GET', '/api/1/apps/')).body, [found]);
    assert.deepEqual((await call('GET', '/api/1/apps/CALC')).body, found);
    assert.deepEqual((await call('GET', `/api/1/apps/${projectId}`)).body, found);
    assert.deepEqual((await server.call('GET', '/api/1/apps', undefined, stranger)).body, []);
    for (const Mode of ['Old', 'Live']) assert.equal((await server.call('DELETE', `${MANAGED}/${Mode}`)).status, 200);
  });

  test('a package goes through an environment: transported, started, replaced, stopped', async () => {
    const { EnvironmentId } = (await createEnvironment(world, 'Test', { Url: URL_OF_TEST })).body;
    const environment = environmentCalls(world.call, 'tEST');
    const shown = { EnvironmentId, Url: URL_OF_TEST, Mode: 'Test', MendixVersion: '', Production: false };
    const empty = { ...shown, Status: 'Empty', ModelVersion: '' };
    assert.deepEqual(await environment.get(), empty);
    assert.deepEqual((await world.call('GET', `${APP}/environments`)).body, [empty]);

    assert.deepEqual((await environment.stop()).body, {});
    assert.deepEqual((await environment.transport(first.PackageId)).body, {});
    assert.deepEqual(await environment.get(), { ...shown, Status: 'Stopped', ModelVersion: first.Version });
    const jobId = await environment.run();
    assert.deepEqual(await environment.get(), { ...shown, Status: 'Running', ModelVersion: first.Version });
    const again = await environment.start();
    assert.equal(again.status, 200);
    assert.deepEqual([again.body.errorCode, again.body.JobId], ['ALREADY_STARTED', jobId]);

    assert.equal((await environment.transport(second.PackageId)).status, 200);
    const [{ PackageId, RunningPackageId }] = (await world.server.call('GET', MANAGED)).body;
    assert.deepEqual([PackageId, RunningPackageId], [second.PackageId, first.PackageId]);
    assert.equal((await environment.stop()).status, 200);
    assert.deepEqual(await environment.get(), { ...shown, Status: 'Stopped', ModelVersion: second.Version });
    assert.equal((await environment.startStatus(jobId)).body.Status, 'Started');
    await environment.run();
    assert.equal((await environment.get()).ModelVersion, second.Version);
  });

  test('the package of an environment is the documented object, with a link where one is asked for', async () => {
    await createEnvironment(world, 'Package');
    const { path, transport } = environmentCalls(world.call, 'Package');
    assertRefused(await world.call('GET', `${path}/package`), 404, 'PACKAGE_NOT_FOUND');
    await transport(first.PackageId);
    const own = await until('its tag is pushed', async () => {
      const { body } = await world.call('GET', `${APP}/packages/${first.PackageId}`);
      return body.TagStatus === 'Done' && body;
    });
    assert.deepEqual((await world.call('GET', `${path}/package`)).body, own);
    const { Url } = (await world.call('GET', `${path}/package?url=true`)).body;
    assert.equal(Url.TTL, 900);
    assert.equal((await (await fetch(Url.Location)).bytes()).length, first.Size);
  });

  test('clean answers the environment in an array, and leaves its package', async () => {
    await createEnvironment(world, 'Clean', { Url: URL_OF_TEST });
    const environment = environmentCalls(world.call, 'clean');
    assertRefused(await environment.clean(), 422, 'ENVIRONMENT_NOT_DEPLOYED');
    await environment.transport(first.PackageId);
    const { status, body } = await environment.clean();
    assert.equal(status, 200);
    assert.deepEqual(body, [{ Status: 'Stopped', Mode: 'Clean', Url: URL_OF_TEST }]);
    assert.equal((await environment.get()).ModelVersion, first.Version);
    await environment.run();
    assertRefused(await environment.clean(), 403, 'ENVIRONMENT_NOT_STOPPED');
  });

  test('what cannot be done is refused with the documented code', async () => {
    await createEnvironment(world, 'Refusing');
    const environment = environmentCalls(world.call, 'Refusing');
    assertRefused(await environment.start(), 500, 'NO_MDA_HAS_BEEN_DEPLOYED');
    assertRefused(await environment.startStatus(randomUUID()), 404, 'NO_SUCH_STARTJOB');
    assertRefused(await environment.startStatus('null'), 404, 'NO_SUCH_STARTJOB');
    for (const id of [randomUUID(), 'null', 'no-id']) {
      assertRefused(await environment.transport(id), 404, 'PACKAGE_NOT_FOUND');
    }
    for (const body of [undefined, {}, { PackageId: '' }, { PackageId: null }, []]) {
      assertRefused(await world.call('POST', `${environment.path}/transport`, body), 400, 'INVALID_PARAMETERS');
    }
    const start = await world.call('POST', `${environment.path}/start`, { AutoSyncDb: 'perhaps' });
    assertRefused(start, 400, 'INVALID_PARAMETERS');
  });

  const CALLS = [
    ['GET', ''],
    ['GET', '/package'],
    ['POST', '/transport'],
    ['POST', '/stop'],
    ['POST', '/start'],
    ['POST', '/clean'],
    ['GET', `/start/${randomUUID()}`],
  ] as const;

  test('an unknown environment, a mode that is none, and no mode are refused by every call', async () => {
    for (const [method, rest] of CALLS) {
      const body = method === 'POST' ? { PackageId: first.PackageId } : undefined;
      const answer = async (mode: string) => await world.call(method, `${APP}/environments/${mode}${rest}`, body);
      assertRefused(await answer('Nowhere'), 404, 'ENVIRONMENT_NOT_FOUND');
      assertRefused(await answer('no%2Fmode'), 400, 'INVALID_ENVIRONMENT');
      assertRefused(await answer('%20'), 400, 'INVALID_PARAMETERS');
      // Where a script's variable was empty. Without anything after it, the address is that of the list.
      if (rest !== '') assertRefused(await answer(''), 400, 'INVALID_PARAMETERS');
    }
  });

  test('a hidden app and one that does not exist are answered the same', async () => {
    await createEnvironment(world, 'Hidden');
    const ask = async (method: string, app: string, rest: string) => {
      const body = method === 'POST' ? { PackageId: first.PackageId } : undefined;
      const { status, body: answer } = await world.server.call(
        method,
        `/api/1/apps/${app}${rest}`,
        body,
        world.stranger,
      );
      return [status, answer];
    };
    const rests = [
      ['GET', ''],
      ['GET', '/environments'],
      ...CALLS.map(([m, rest]) => [m, `/environments/Hidden${rest}`]),
    ];
    for (const [method = '', rest = ''] of rests) {
      const hidden = await ask(method, 'calc', rest);
      assert.deepEqual([hidden[0], hidden[1].errorCode], [404, 'APP_NOT_FOUND']);
      assert.deepEqual(hidden, await ask(method, 'absent', rest));
    }
    assertRefused(await world.call('GET', '/api/1/apps/no_app'), 400, 'INVALID_APPID');
    assertRefused(await world.call('GET', '/api/1/apps/no_app/environments'), 400, 'INVALID_APPID');
    assertRefused(await world.call('POST', '/api/1/apps/no_app/environments/Hidden/start'), 400, 'INVALID_APPID');
    assertRefused(await world.call('POST', '/api/1/apps/no_app/environments/Hidden/stop'), 400, 'INVALID_PARAMETERS');
  });

  test('bodies are read however clients send them', async () => {
    await createEnvironment(world, 'Wire');
    const { path, get } = environmentCalls(world.call, 'Wire');
    const { username, apiKey } = world.richard;
    const post = async (rest: string, headers: readonly string[], body = '') => {
      const lines = [`POST ${path}${rest} HTTP/1.1`, `Host: ${new URL(world.server.url).host}`, 'Connection: close'];
      const credentials = [`mendix-username: ${username} `, `MENDIX-APIKEY: ${apiKey}`];
      const { status, text } = await sendRaw(
        world.server.url,
        [...lines, ...credentials, ...headers, '', ''].join('\r\n'),
        body,
      );
      assert.equal(status, 200, text);
      return text;
    };
    const length = (body: string) => `Content-Length: ${body.length}`;
    const JSON_TYPE = 'Content-Type: application/json';
    const FORM_TYPE = 'Content-Type: application/x-www-form-urlencoded';
    for (const headers of [
      [JSON_TYPE, length('')],
      [FORM_TYPE, length('')],
      [length('')],
      [],
      [JSON_TYPE],
      ['ContentType: application/json', length('')],
    ]) {
      assert.equal(await post('/stop', headers), '{}');
    }
    const body = JSON.stringify({ packageid: first.PackageId.toUpperCase() });
    for (const headers of [[], [FORM_TYPE], [JSON_TYPE], ['Content-Type: false']]) {
      assert.equal(await post('/transport/', [...headers, length(body)], body), '{}');
    }
    const unquoted = `{"PackageId": ${first.PackageId}}`;
    assert.equal(await post('/transport', [length(unquoted)], unquoted), '{}');
    for (const start of ['{"AutoSyncDb":True}', 'AutoSyncDb=true', '{"AutoSyncDb":"true"}', '']) {
      assert.match(await post('/start', [FORM_TYPE, length(start)], start), /"JobId":"[0-9a-f-]{36}"/);
      await post('/stop', [JSON_TYPE, length('')]);
    }
    assert.match(await post('/clean', [JSON_TYPE, length('')]), /^\[\{/);
    assert.equal((await get()).Status, 'Stopped');
  });

  test('a token needs the scope for reading, or the one for changing', async () => {
    await createEnvironment(world, 'Token');
    const { path } = environmentCalls(world.call, 'Token');
    const keys = `/manage/1/users/${world.richard.username}/keys`;
    const tokenFor = async (scope: string) => (await world.server.call('POST', keys, { Scopes: [scope] })).body.Key;
    const statusOf = async (token: string, method: string, address: string) =>
      (await fetch(world.server.url + address, { method, headers: { Authorization: `MxToken ${token}` } })).status;
    const [reader, writer, other] = [
      await tokenFor('mx:deployment:read'),
      await tokenFor('mx:deployment:write'),
      await tokenFor('mx:modelrepository:repo:read'),
    ];
    for (const address of ['/api/1/apps', APP, `${APP}/environments`, path]) {
      assert.equal(await statusOf(reader, 'GET', address), 200, address);
      assert.equal(await statusOf(other, 'GET', address), 403, address);
    }
    for (const verb of ['stop', 'transport', 'start', 'clean']) {
      assert.equal(await statusOf(reader, 'POST', `${path}/${verb}`), 403, verb);
    }
    assert.equal(await statusOf(writer, 'POST', `${path}/stop`), 200);
  });

  test('environments are created, listed and deleted by admins, and the audit tells of all that was done', async () => {
    const { server, call, stranger, richard } = world;
    const created = (await createEnvironment(world, 'My Flexible-1', { Production: true })).body;
    assert.deepEqual([created.Mode, created.Production, created.Target], ['My Flexible-1', true, 'record']);
    assertRefused(await server.call('POST', MANAGED, { Mode: 'MY FLEXIBLE-1' }), 409, 'ALREADY_EXISTS');
    assertRefused(await server.call('POST', MANAGED, { Mode: 'a/b' }), 400, 'INVALID_ENVIRONMENT');
    assertRefused(await server.call('POST', MANAGED, {}), 400, 'INVALID_PARAMETERS');
    assertRefused(await server.call('POST', MANAGED, { Mode: 'Js', Url: 'javascript:1' }), 400, 'INVALID_PARAMETERS');
    assertRefused(await call('POST', MANAGED, { Mode: 'Mine' }), 403, 'NO_ACCESS');
    assertRefused(await call('DELETE', `${MANAGED}/Test`), 403, 'NO_ACCESS');
    assertRefused(await server.call('GET', MANAGED, undefined, stranger), 404, 'APP_NOT_FOUND');
    assert.ok((await call('GET', MANAGED)).body.some(({ Mode }: { Mode: string }) => Mode === 'My Flexible-1'));

    const rights = `${MANAGED}/my%20flexible-1/permissions/${richard.username}`;
    assert.equal((await server.call('PATCH', rights, { Grant: ['api'] })).status, 200);
    const environment = environmentCalls(call, 'my%20flexible-1');
    await environment.transport(first.PackageId);
    await environment.run();
    assertRefused(await server.call('DELETE', `${MANAGED}/my%20flexible-1`), 409, 'ENVIRONMENT_IN_USE');
    await environment.stop();
    await environment.clean();
    assert.equal((await server.call('DELETE', `${MANAGED}/my%20flexible-1`)).status, 200);
    assertRefused(await server.call('DELETE', `${MANAGED}/my%20flexible-1`), 404, 'ENVIRONMENT_NOT_FOUND');
    const entries = (await server.call('GET', '/manage/1/audit')).body.slice(0, 7);
    assert.deepEqual(
      entries.map((entry: Record<string, string>) => [entry.Action, entry.Login, entry.Subject]).reverse(),
      [
        ['environment.create', 'admin', 'calc'],
        ['rights.grant', 'admin', 'calc'],
        ['environment.transport', richard.username, 'calc'],
        ['environment.start', richard.username, 'calc'],
        ['environment.stop', richard.username, 'calc'],
        ['environment.clean', richard.username, 'calc'],
        ['environment.delete', 'admin', 'calc'],
      ],
    );
  });

  test('one that runs is deleted by force, which is said with true', async () => {
    const { server, call } = world;
    await createEnvironment(world, 'Gone');
    const environment = environmentCalls(call, 'Gone');
    await environment.transport(first.PackageId);
    await environment.run();
    assertRefused(await server.call('DELETE', `${MANAGED}/Gone?force=yes`), 400, 'INVALID_PARAMETERS');
    assertRefused(await server.call('DELETE', `${MANAGED}/Gone?force=false`), 409, 'ENVIRONMENT_IN_USE');
    assertRefused(await call('DELETE', `${MANAGED}/Gone?force=true`), 403, 'NO_ACCESS');
    assert.equal((await server.call('DELETE', `${MANAGED}/Gone?force=true`)).status, 200);
    assert.equal((await server.call('GET', '/manage/1/audit')).body[0].Detail, 'Gone, by force');
  });
});

test('a package that is being built, and one whose build failed, are not transported', async (t) => {
  const world = await openBuildApiWorld(t, { buildSlots: 0 });
  await createEnvironment(world, 'Test');
  const { transport, get } = environmentCalls(world.call, 'Test');
  const id = await world.startBuild();
  assertRefused(await transport(id), 503, 'SERVICE UNAVAILABLE');
  assert.equal((await world.call('POST', `${APP}/packages/${id}/cancel`)).status, 200);
  assertRefused(await transport(id), 403, 'NOT ALLOWED');
  assert.equal((await get()).Status, 'Empty');
});
