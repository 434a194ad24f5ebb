import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, test } from 'node:test';
import type { ApiDocument } from '../../src/http/openapi-document.ts';
import type { Needs, Operation, RightsNeeded } from '../../src/http/operation-description.ts';
import { OPERATIONS } from '../../src/http/route-schemas.ts';
import { RIGHT_WORDS, RIGHTS, type Right } from '../../src/protocol/permissions.ts';
import { createUser, openBuildApiWorld } from '../support/build-api-world.ts';
import { environmentCalls } from '../support/environments.ts';
import type { Credentials } from '../support/server.ts';
import { until } from '../support/until.ts';

/** Every call of the table, with each right that it needs missing: what is added to the table is tried here as well. */
const world = await openBuildApiWorld({ after });
const { server } = world;
const MODE = 'Acceptance';
await give('POST', '/manage/1/apps/calc/environments', { Mode: MODE });
await give('POST', '/manage/1/users', { Login: 'subject' });
const held = await world.build();
await environmentCalls(world.call, MODE).transport(held.PackageId);

const CALLS = await readCalls();
const OPERATION_LIST: readonly (readonly [string, Operation])[] = Object.entries(OPERATIONS);
const WITH_RIGHTS = OPERATION_LIST.flatMap(([id, { needs }]) => (isRights(needs) ? [{ id, needs }] : []));

/** What the calls are about, for those whose address has such a part. */
const PARAMETERS: Readonly<Record<string, string>> = {
  app: 'calc',
  mode: MODE,
  packageId: held.PackageId,
  login: 'subject',
  branch: 'main',
  name: 'TOKEN',
  jobId: randomUUID(),
  keyId: randomUUID(),
  webhookId: 'mxep_none',
  messageId: 'msg_none',
};

/** Of the calls that want one; what is not here is sent without. */
const BODIES: Readonly<Record<string, unknown>> = {
  startBuild: { Revision: world.revisions[1], Version: '1.0.0' },
  transportPackage: { PackageId: held.PackageId },
  createFreeEnvironment: { ProjectId: world.projectId },
  setPermissions: { Rights: [] },
  changePermissions: { Grant: ['alerts'] },
  setEnvironmentPermissions: { Rights: [] },
  changeEnvironmentPermissions: { Revoke: ['alerts'] },
  createWebhook: { name: 'ci', url: 'https://ci.example.com', eventTypes: ['teamserver.push'] },
};

function isRights(needs: Needs): needs is RightsNeeded {
  return typeof needs === 'object';
}

async function give(method: string, path: string, body?: unknown): Promise<void> {
  const answer = await server.call(method, path, body);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
}

/** Where each call of the table is found. */
async function readCalls(): Promise<ReadonlyMap<string, { readonly method: string; readonly path: string }>> {
  const { paths = {} } = (await server.call('GET', '/openapi.json')).body as ApiDocument;
  const calls = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(
      ([method, { operationId = '' }]) => [operationId, { method: method.toUpperCase(), path }] as const,
    ),
  );
  return new Map(calls);
}

const users = new Map<string, Promise<Credentials>>();

/** A user with exactly these rights, on the app as well as on its environment. */
function userWith(rights: readonly Right[]): Promise<Credentials> {
  const login = `with-${RIGHT_WORDS.filter((right) => rights.includes(right)).join('-')}`;
  const known = users.get(login) ?? makeUser(login, rights);
  users.set(login, known);
  return known;
}

async function makeUser(login: string, Rights: readonly Right[]): Promise<Credentials> {
  const user = await createUser(server, login, login);
  await give('PUT', `/manage/1/apps/calc/permissions/${login}`, { Rights });
  await give('PUT', `/manage/1/apps/calc/environments/${MODE}/permissions/${login}`, { Rights });
  return user;
}

interface Reply {
  readonly status: number;
  readonly code: string | undefined;
  readonly message: string;
  readonly text: string;
}

async function send(id: string, who: Credentials | undefined, parameters: object = {}): Promise<Reply> {
  const { method, path } = CALLS.get(id) ?? assert.fail(`No route answers ${id}.`);
  const given: Readonly<Record<string, string>> = { ...PARAMETERS, ...parameters };
  const address = path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(given[name] ?? assert.fail(name)));
  const response = await fetch(server.url + address, {
    method,
    headers: who === undefined ? {} : { 'Mendix-Username': who.username, 'Mendix-ApiKey': who.apiKey },
    ...(method !== 'GET' && BODIES[id] !== undefined && { body: JSON.stringify(BODIES[id]) }),
  });
  const text = await response.text();
  const { errorCode, errorMessage = '' } = response.ok ? {} : JSON.parse(text);
  return { status: response.status, code: errorCode, message: errorMessage, text };
}

/** The App Repository API has codes of its own. */
function assertNoAccess(id: string, { status, code, message }: Reply): void {
  assert.equal(status, 403, `${id}: ${message}`);
  assert.match(code ?? '', /^(?:NO_ACCESS|RS403)$/, id);
}

/** Whatever else it answers: it was not refused for want of a right, nor did it break. */
function assertLetIn(id: string, { code, text }: Reply): void {
  const refusals = [
    'NO_ACCESS',
    'RS403',
    'UNAUTHORIZED',
    'RS401',
    'APP_NOT_FOUND',
    'RS404',
    'INVALID_APPID',
    'INTERNAL_ERROR',
  ];
  assert.ok(!refusals.includes(code ?? ''), `${id}: ${text}`);
}

test('every call has a row in the table of rights, and every row a call', () => {
  assert.deepEqual([...CALLS.keys()].toSorted(), Object.keys(OPERATIONS).toSorted());
});

test('without credentials, every call is refused but those that need nothing', async () => {
  for (const [id, { needs }] of OPERATION_LIST) {
    if (needs !== 'nothing') assert.equal((await send(id, undefined)).status, 401, id);
  }
});

test('a call without one of the rights that it needs is refused, and says which and how to get it', async () => {
  for (const { id, needs } of WITH_RIGHTS) {
    for (const missing of needs.rights) {
      const who = await userWith(RIGHT_WORDS.filter((right) => right !== missing));
      const reply = await send(id, who);
      assertNoAccess(id, reply);
      assert.ok(reply.message.includes(RIGHTS[missing]), reply.message);
      const place = needs.on === 'the-environment' ? ` --environment ${MODE}` : '';
      assert.ok(
        reply.message.includes(`'slipway grant ${who.username} calc${place} --rights ${missing}'`),
        reply.message,
      );
    }
  }
});

test('a call without any of its rights names all of them, to whoever sees the app', async () => {
  for (const { id, needs } of WITH_RIGHTS) {
    const reply = await send(id, await userWith(['alerts']));
    assertNoAccess(id, reply);
    for (const right of needs.rights) assert.ok(reply.message.includes(RIGHTS[right]), reply.message);
  }
});

test('rights on one environment are none on another', async () => {
  const who = await createUser(server, 'elsewhere', 'Elsewhere');
  await give('POST', '/manage/1/apps/calc/environments', { Mode: 'Test' });
  await give('PUT', '/manage/1/apps/calc/environments/Test/permissions/elsewhere', { Rights: RIGHT_WORDS });
  for (const { id, needs } of WITH_RIGHTS) {
    const reply = await send(id, who);
    if (needs.on === 'any-environment') assertLetIn(id, reply);
    else assertNoAccess(id, reply);
  }
});

test('a call about an app that the user has no right on is answered as if there were no such app', async () => {
  const ids = OPERATION_LIST.flatMap(([id, { needs }]) => (isRights(needs) || needs === 'sight' ? [id] : []));
  const missing = { app: randomUUID() };
  for (const who of [world.stranger, await userWith([])]) {
    for (const id of ids) {
      const hidden = await send(id, who);
      assert.deepEqual(hidden, await send(id, who, missing), id);
      assert.match(hidden.code ?? '', /APP|PROJECTID|^RS40[04]$/, `${id}: ${hidden.text}`);
    }
  }
});

test('a call with exactly the rights that it needs is let in', async () => {
  for (const { id, needs } of WITH_RIGHTS) {
    const parameters = id === 'retrieveStartStatus' ? { jobId: await startJob() } : {};
    assertLetIn(id, await send(id, await userWith(needs.rights), parameters));
  }
});

/** @returns a job to be asked for: a new one, once those have ended that the calls before began */
function startJob(): Promise<string> {
  const start = () => server.call('POST', `/api/1/apps/calc/environments/${MODE}/start`);
  return until('a start is answered with its job', async () => (await start()).body.JobId);
}

test('what sight of an app is enough for is let in with any right', async () => {
  for (const [id, { needs }] of OPERATION_LIST) {
    if (needs === 'sight') for (const right of RIGHT_WORDS) assertLetIn(id, await send(id, await userWith([right])));
  }
});

test('what is for admins is refused to users with every right, and what is about others too', async () => {
  const who = await userWith(RIGHT_WORDS);
  for (const [id, { needs }] of OPERATION_LIST) {
    if (needs === 'admin' || needs === 'oneself') assertNoAccess(id, await send(id, who));
    if (needs !== 'oneself') continue;
    const own = await send(id, who, { login: who.username.toUpperCase() });
    assert.ok(own.status === 200 || own.code === 'KEY_NOT_FOUND', `${id}: ${own.text}`);
  }
});

test('apps are listed by the Deploy API with API Rights, and by the management with any', async () => {
  for (const [rights, deploy, managed] of [
    [['api'], 1, 1],
    [RIGHT_WORDS, 1, 1],
    [RIGHT_WORDS.filter((right) => right !== 'api'), 0, 1],
    [[], 0, 0],
  ] as const) {
    const who = await userWith(rights);
    assert.equal(JSON.parse((await send('retrieveApps', who)).text).length, deploy);
    assert.equal(JSON.parse((await send('listApps', who)).text).length, managed);
  }
});
