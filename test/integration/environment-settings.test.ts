import assert from 'node:assert/strict';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { pino } from 'pino';
import { openDiskBlobStore } from '../../src/blob/disk-blob-store.ts';
import { deleteAppRows } from '../../src/database/apps.ts';
import { findEnvironmentSettings, putEnvironmentSettings } from '../../src/database/environment-settings.ts';
import { findDeclared } from '../../src/database/package-settings.ts';
import { deletePackageRow, deletePackagesOf } from '../../src/database/packages.ts';
import { openSqliteDatabase } from '../../src/database/sqlite/sqlite-database.ts';
import type { DeploymentTarget, TargetSettings } from '../../src/deployment/deployment-target.ts';
import { parseMode } from '../../src/domain/environment-mode.ts';
import { type PackageId, parseLogin } from '../../src/domain/identifiers.ts';
import { Refusal } from '../../src/domain/refusal.ts';
import { parseSetSettings } from '../../src/domain/set-settings-request.ts';
import { startServer } from '../../src/main/server.ts';
import { createEnvironment } from '../../src/operations/create-environment.ts';
import { deleteEnvironment } from '../../src/operations/delete-environment.ts';
import { getEnvironment } from '../../src/operations/get-environment.ts';
import { getSettings } from '../../src/operations/get-settings.ts';
import { rotateSecrets } from '../../src/operations/rotate-secrets.ts';
import { setSettings } from '../../src/operations/set-settings.ts';
import { getStartStatus, startEnvironment } from '../../src/operations/start-environment.ts';
import { stopEnvironment } from '../../src/operations/stop-environment.ts';
import { transportPackage } from '../../src/operations/transport-package.ts';
import { openSecretBox } from '../../src/secrets/secret-box.ts';
import { openBuildApiWorld } from '../support/build-api-world.ts';
import { addApp, addPackage, testDatabase } from '../support/database.ts';
import { type DeploymentDeps, openDeployments } from '../support/deployments.ts';
import { environmentCalls } from '../support/environments.ts';
import { filesWith } from '../support/files-with.ts';
import { makeMendixPackage, storeBlob } from '../support/make-zip.ts';
import { buildMendixPackage } from '../support/mendix-revision.ts';
import { call, testConfiguration } from '../support/server.ts';
import { embeddedOnly } from '../support/shape.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const SECRET = 'open-sesame-4711';
const user = { id: 'user-1', login: parseLogin('richard'), name: 'Richard', isAdmin: true };
const mode = parseMode('Test');

const DECLARED = {
  Constants: [
    { Name: 'Main.Address', Type: 'String', DefaultValue: 'https://example.com' },
    { Name: 'Main.Key', Type: 'String' },
  ],
  ScheduledEvents: [{ Name: 'Main.Nightly' }, { Name: 'Main.Hourly' }],
};
const WANTED = {
  Constants: [{ Name: 'Main.Key', Value: SECRET }],
  CustomSettings: [{ Name: 'SessionTimeout', Value: '600000' }],
  ScheduledEvents: [{ Name: 'Main.Nightly', Value: 'Enabled' }],
};
const GIVEN: TargetSettings = {
  constants: { 'Main.Key': SECRET },
  customSettings: { SessionTimeout: '600000' },
  scheduledEvents: { 'Main.Nightly': true },
};
/** The same with the rest of what the package declares. */
const DEPLOYED = {
  constants: { 'Main.Address': 'https://example.com', 'Main.Key': SECRET },
  customSettings: GIVEN.customSettings,
  scheduledEvents: { 'Main.Nightly': true, 'Main.Hourly': false },
  unset: ['Main.Address', 'Main.Hourly'],
};

/** More than anybody writes. */
const LONG = { Name: 'Main.Long', DefaultValue: 'x'.repeat(2 * 1024 * 1024) };

/** An app with an empty environment, real packages, and what a target was told when it was started. */
async function setUp(t: TestContext) {
  const database = await testDatabase(t);
  const blobs = await openDiskBlobStore(join(await temporaryFolder(t), 'blobs'));
  const app = await addApp(database, 'calc');
  const told: TargetSettings[] = [];
  const target: Partial<DeploymentTarget> = {
    start: async (_environment, { settings }) => void told.push(settings),
  };
  const deps = openDeployments(database, target, { blobs });
  t.after(() => deps.deployments.stop());
  const { id } = await createEnvironment(deps, { user, app, request: { Mode: 'Test' } });
  let count = 0;
  const args = { user, app, mode };
  return {
    database,
    blobs,
    app,
    deps,
    told,
    id,
    async addBytes(bytes: Uint8Array): Promise<PackageId> {
      const blob_key = `package-${++count}`;
      await storeBlob(blobs, blob_key, bytes);
      const built = { status: 'Succeeded', blob_key, size_bytes: bytes.length, sha256: 'abc' } as const;
      return await addPackage(database, app, built);
    },
    transport: (packageId: PackageId, with_ = deps) => transportPackage(with_, { ...args, packageId }),
    set: (body: object, with_ = deps) => setSettings(with_, { ...args, request: parseSetSettings(body) }),
    get: async () => getSettings(deps, await getEnvironment(database.read, app, mode)),
    stop: () => stopEnvironment(deps, args),
    remove: () => deleteEnvironment(deps, { ...args, force: false }),
    start: (with_ = deps) => start(with_, args),
  };
}

/** Starts and waits for the end. @returns `Started`, or the code that it failed with */
async function start(deps: DeploymentDeps, args: Parameters<typeof stopEnvironment>[1]): Promise<string> {
  const { jobId } = await startEnvironment(deps, { ...args, autoSyncDb: false });
  return await until('the start ends', async () => {
    try {
      const status = await getStartStatus(deps, { ...args, jobId });
      return status !== 'Starting' && status;
    } catch (error) {
      return error instanceof Refusal ? `${error.code}: ${error.message}` : assert.fail(String(error));
    }
  });
}

test('a target is given what was set, and the defaults of the rest are for the package to say', async (t) => {
  const { addBytes, transport, set, get, start, told } = await setUp(t);
  await transport(await addBytes(await makeMendixPackage(DECLARED)));
  await set(WANTED);
  assert.equal(await start(), 'Started');
  assert.deepEqual(told, [GIVEN]);
  assert.deepEqual((await get()).deployed, DEPLOYED);
});

test('of settings that are set at once, none is lost', async (t) => {
  const { addBytes, transport, set, get } = await setUp(t);
  const names = Array.from({ length: 10 }, (_, index) => `Main.C${index}`);
  await transport(
    await addBytes(await makeMendixPackage({ Constants: names.map((Name) => ({ Name, Type: 'String' })) })),
  );
  await Promise.all(names.map((Name) => set({ Constants: [{ Name, Value: Name }] })));
  assert.deepEqual(Object.keys((await get()).chosen.constants).toSorted(), names);
});

test('what is set for a constant stays while a package does not have it, and is not given then', async (t) => {
  const { addBytes, transport, set, start, stop, get, told } = await setUp(t);
  const [old, next] = [await makeMendixPackage(DECLARED), await makeMendixPackage({ Constants: [] })];
  await transport(await addBytes(old));
  await set(WANTED);
  await transport(await addBytes(next));
  assert.deepEqual((await get()).declared, { constants: [], scheduledEvents: [] });
  await assert.rejects(set(WANTED), /Constant not found: 'Main\.Key'/);
  assert.equal(await start(), 'Started');
  await stop();
  await transport(await addBytes(old));
  assert.equal(await start(), 'Started');
  const without = { constants: {}, customSettings: GIVEN.customSettings, scheduledEvents: {} };
  assert.deepEqual(told, [without, GIVEN]);
});

test('a value that the type of a newer package does not take fails the start, without being told', async (t) => {
  const { addBytes, transport, set, start, told } = await setUp(t);
  await transport(await addBytes(await makeMendixPackage(DECLARED)));
  await set(WANTED);
  const Constants = [
    { Name: 'Main.Key', Type: 'Integer', DefaultValue: 1 },
    { Name: 'Main.Void', Type: 'Integer', DefaultValue: '' },
  ];
  await transport(await addBytes(await makeMendixPackage({ Constants })));
  const outcome = await start();
  assert.match(outcome, /^MISSING_CONSTANT: .*: 'Main\.Key' \(Integer\), 'Main\.Void' \(Integer\)\. Set them with/);
  assert.doesNotMatch(outcome, /sesame/);
  await set({
    Constants: [
      { Name: 'Main.Key', Value: null },
      { Name: 'Main.Void', Value: 0 },
    ],
  });
  assert.equal(await start(), 'Started');
  assert.deepEqual(told[0]?.constants, { 'Main.Void': '0' });
});

test('a start runs with what was set when it began, also when another process ends it', async (t) => {
  const world = await setUp(t);
  const { database, blobs, app, deps, addBytes, transport, set, get } = world;
  await transport(await addBytes(await makeMendixPackage(DECLARED)));
  await set(WANTED);
  const begun = Promise.withResolvers<void>();
  const hanging: DeploymentTarget['start'] = async (_environment, _order, signal) => {
    begun.resolve();
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    signal.throwIfAborted();
  };
  const first = openDeployments(database, { start: hanging }, { blobs, secretBox: deps.secretBox });
  const args = { user, app, mode };
  const { jobId } = await startEnvironment(first, { ...args, autoSyncDb: false });
  await begun.promise;
  await set({ Constants: [{ Name: 'Main.Key', Value: 'later' }] });
  await first.deployments.stop();
  assert.deepEqual((await get()).deployed.constants, {});
  await deps.deployments.resume();
  await until('it has started', async () => (await getStartStatus(deps, { ...args, jobId })) === 'Started');
  assert.deepEqual(world.told, [GIVEN]);
  const { chosen, deployed } = await get();
  assert.deepEqual([chosen.constants, deployed], [{ 'Main.Key': 'later' }, DEPLOYED]);
});

test('a package is looked into once: one from before when it is asked for, one without a file never', async (t) => {
  const { database, blobs, addBytes, transport, deps, get, start, app } = await setUp(t);
  const before = await addBytes(await makeMendixPackage(DECLARED));
  await transport(before, openDeployments(database, {}));
  assert.equal(await findDeclared(database.read, before), undefined);
  assert.equal((await get()).declared.constants.length, 2);
  await blobs.delete('package-1');
  assert.equal((await get()).declared.constants.length, 2);
  assert.match(await start(), /^MISSING_CONSTANT/);

  const gone = await addPackage(database, app, { status: 'Succeeded', blob_key: 'gone', sha256: 'abc', size_bytes: 9 });
  await transport(gone);
  assert.deepEqual((await get()).declared, { constants: [], scheduledEvents: [] });
  assert.equal(await findDeclared(database.read, gone), undefined);
  for (const bytes of [Buffer.from('no zip at all'), await makeMendixPackage({ Constants: [LONG] })]) {
    const id = await addBytes(bytes);
    await transport(id);
    assert.deepEqual((await get()).declared, { constants: [], scheduledEvents: [] });
    assert.match((await findDeclared(database.read, id)) ?? '', /^\{/);
  }
  await deps.database.transaction((queries) => deletePackageRow(queries, before));
  assert.equal(await findDeclared(database.read, before), undefined);
});

test('settings are sealed anew with a new key; those that cannot be read any more are as if never set', async (t) => {
  const { database, blobs, deps, id, addBytes, transport, set, start, stop, told, remove } = await setUp(t);
  await transport(await addBytes(await makeMendixPackage(DECLARED)));
  await set(WANTED);
  assert.equal(await start(), 'Started');
  await stop();
  const to = openSecretBox(Buffer.alloc(32, 1));
  const rotation = { from: deps.secretBox, to, dropUnreadable: false };
  assert.deepEqual(await rotateSecrets(deps, rotation), { resealed: 2, dropped: 0 });
  const target: Partial<DeploymentTarget> = { start: async (_environment, order) => void told.push(order.settings) };
  const rotated = openDeployments(database, target, { blobs, secretBox: to });
  assert.equal(await start(rotated), 'Started');
  assert.deepEqual(told, [GIVEN, GIVEN]);
  await stop();

  const lost = openDeployments(database, target, { blobs });
  assert.match(await start(lost), /^START_FAILED: .*cannot be decrypted: set them again/);
  await set(WANTED, lost);
  assert.equal(await start(lost), 'Started');
  assert.deepEqual(told[2], GIVEN);
  await stop();
  const dropping = { from: undefined, to, dropUnreadable: true };
  assert.deepEqual(await rotateSecrets(deps, dropping), { resealed: 0, dropped: 2 });
  await remove();
  assert.equal(await findEnvironmentSettings(database.read, id), undefined);
});

test('what is kept of settings goes with their app', async (t) => {
  const { database, app, id, addBytes, transport, set } = await setUp(t);
  const packageId = await addBytes(await makeMendixPackage(DECLARED));
  await transport(packageId);
  await set(WANTED);
  await database.transaction(async (queries) => {
    await deletePackagesOf(queries, app.id, 10);
    await deleteAppRows(queries, app.id);
  });
  assert.equal(await findDeclared(database.read, packageId), undefined);
  assert.equal(await findEnvironmentSettings(database.read, id), undefined);
});

test('what one part of the settings was sealed for is not read in the place of another', async (t) => {
  const { database, id, addBytes, transport, set, get, start } = await setUp(t);
  await transport(await addBytes(await makeMendixPackage(DECLARED)));
  await set(WANTED);
  assert.equal(await start(), 'Started');
  const { deployed = null } = (await findEnvironmentSettings(database.read, id)) ?? {};
  await database.transaction((queries) => putEnvironmentSettings(queries, id, 'chosen', deployed));
  assert.deepEqual((await get()).chosen.constants, {});
});

const oneFolder = { skip: embeddedOnly('it looks into the files of one data folder, under another server') };
test(
  'values are told to whoever asks the settings, and stand nowhere else: not in a file, the audit or the log',
  oneFolder,
  async (t) => {
    const log = new PassThrough();
    const lines: Buffer[] = [];
    log.on('data', (chunk: Buffer) => lines.push(chunk));
    const world = await openBuildApiWorld(t);
    const { dataFolder } = world.server;
    const { PackageId } = await buildMendixPackage(world, DECLARED);
    await world.server.call('POST', '/manage/1/apps/calc/environments', { Mode: 'Test' });
    await world.server.stop();

    const configuration = testConfiguration(dataFolder);
    const server = await startServer(configuration, pino({ level: 'trace' }, log));
    t.after(server.stop);
    const ask = (method: string, path: string, body?: unknown) => call(server.url, method, path, body, world.richard);
    const environment = environmentCalls(ask, 'Test');
    await environment.transport(PackageId);
    assert.equal((await environment.set(WANTED)).status, 200);
    const wrong = { ...WANTED, ScheduledEvents: [{ Name: 'Main.Nightly', Value: 'perhaps' }] };
    assert.equal((await environment.set(wrong)).status, 500);
    await environment.run();
    const running = await environment.settings();
    assert.equal(running.Constants[1].DeployedValue, SECRET);
    const audit = (await call(server.url, 'GET', '/manage/1/audit', undefined, world.server.admin)).body;
    const entry = audit.find(({ Action }: { Action: string }) => Action === 'environment.settings');
    assert.equal(entry.Detail, 'Test Main.Key SessionTimeout Main.Nightly');
    assert.ok(!JSON.stringify(audit).includes(SECRET));
    await server.stop();
    assert.deepEqual(await filesWith(dataFolder, SECRET), []);
    assert.ok(!Buffer.concat(lines).includes(SECRET));

    const next = await startServer(configuration, pino({ level: 'silent' }));
    t.after(next.stop);
    const askNext = (method: string, path: string) => call(next.url, method, path, undefined, world.richard);
    assert.deepEqual(await environmentCalls(askNext, 'Test').settings(), running);
    await next.stop();
    const database = await openSqliteDatabase(join(dataFolder, 'slipway.db'));
    const columns = await database.read.selectFrom('environment_settings').selectAll().executeTakeFirstOrThrow();
    assert.match(columns.deployed ?? '', /^v1\./);
    await database.close();
  },
);

test('a package of a free app waits for a constant that has no value, and runs with what is set then', async (t) => {
  const world = await openBuildApiWorld(t);
  const { projectId, call: ask } = world;
  assert.equal((await ask('POST', '/api/1/apps', { ProjectId: projectId })).status, 200);
  const { PackageId } = await buildMendixPackage(world, DECLARED);
  const read = async () => (await ask('GET', `/api/1/apps/calc/packages/${PackageId}`)).body;
  await until('the start is refused', async () => /'Main\.Key' \(String\)/.test((await read()).DeployMessage));
  assert.equal((await read()).DeployStatus, 'Pending');
  const sandbox = environmentCalls(ask, 'sandbox');
  assert.equal((await sandbox.set(WANTED)).status, 200);
  const next = await buildMendixPackage(world, DECLARED);
  const path = `/api/1/apps/calc/packages/${next.PackageId}`;
  await until('it is deployed', async () => (await ask('GET', path)).body.DeployStatus === 'Done');
  assert.equal((await sandbox.settings()).Constants[1].DeployedValue, SECRET);
});
