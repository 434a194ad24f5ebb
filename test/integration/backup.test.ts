import assert from 'node:assert/strict';
import { hash, randomBytes } from 'node:crypto';
import { access, appendFile, cp, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { BackupUnusable } from '../../src/backup/backup-reader.ts';
import { listAudit } from '../../src/database/audit.ts';
import { insertJob } from '../../src/database/deployment-jobs.ts';
import { insertOutboxEntry } from '../../src/database/outbox.ts';
import { insertPush, listPushes } from '../../src/database/pushes.ts';
import { openSqliteDatabase, openSqliteReader } from '../../src/database/sqlite/sqlite-database.ts';
import { insertMessage } from '../../src/database/tell-webhooks.ts';
import { findAnyWebhook, insertWebhook } from '../../src/database/webhooks.ts';
import { explainBackup, explainRestore } from '../../src/main/explain-backup.ts';
import { restoreBackup, verifyBackup } from '../../src/main/restore-backup.ts';
import { rotateStoredSecrets } from '../../src/main/rotate-stored-secrets.ts';
import { verifyStoredPackages } from '../../src/main/verify-stored-packages.ts';
import { ABOUT_TEST, backUp, restoreRequest, writeTestBackup } from '../support/backups.ts';
import { openBuildApiWorld } from '../support/build-api-world.ts';
import { environmentCalls } from '../support/environments.ts';
import { makeMendixPackage } from '../support/make-zip.ts';
import { type Answer, call, startTestServer, testConfiguration } from '../support/server.ts';
import { mountSmallDisk } from '../support/small-disk.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const PACKAGES = '/api/1/apps/calc/packages';
const signal = new AbortController().signal;

/** A server with packages, and a folder for backups of it. */
async function openWorld(t: TestContext, packages = 3) {
  const world = await openBuildApiWorld(t);
  const built: Answer['body'][] = [];
  for (let at = 0; at < packages; at += 1) built.push(await world.build({ Version: `1.0.${at}` }));
  const folder = await temporaryFolder(t);
  const { dataFolder } = world.server;
  const fileOf = async (id: string) => {
    const names = await readdir(join(dataFolder, 'packages'), { recursive: true });
    return join(dataFolder, 'packages', names.find((name) => name.includes(id)) ?? '');
  };
  return {
    ...world,
    built,
    folder,
    dataFolder,
    fileOf,
    file: join(folder, 'backup.tar'),
    to: join(folder, 'restored'),
  };
}

/** An output that says when the first byte comes, and then waits until it may go on. */
function heldOutput() {
  const begun = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk: Uint8Array, _encoding, done) {
      chunks.push(Buffer.from(chunk));
      begun.resolve();
      held.promise.then(() => done(), done);
    },
  });
  return { stream, begun: begun.promise, release: held.resolve, bytes: () => Buffer.concat(chunks) };
}

const isThere = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

async function expectSound(dataFolder: string): Promise<void> {
  const findings = await verifyStoredPackages({ dataFolder: dataFolder }, signal);
  assert.deepEqual(
    findings.filter(({ state }) => state !== 'ok'),
    [],
  );
}

async function auditOf(dataFolder: string): Promise<string[]> {
  const queries = openSqliteReader(join(dataFolder, 'slipway.db'));
  try {
    return (await listAudit(queries, { limit: 1000 })).map(({ action, detail }) => `${action} ${detail}`);
  } finally {
    await queries.destroy();
  }
}

test('a server that is restored from the backup of a running one has everything, and goes on', async (t) => {
  const world = await openWorld(t);
  const { server, richard, stranger } = world;
  await server.call('POST', '/manage/1/apps/calc/environments', { Mode: 'Acceptance' });
  const environment = environmentCalls(world.call, 'Acceptance');
  await environment.transport(world.built[0].PackageId);
  const set = await environment.set({ CustomSettings: [{ Name: 'SessionTimeout', Value: '4711' }] });
  assert.equal(set.status, 200, JSON.stringify(set.body));
  await environment.run();
  await until('every tag is pushed', async () => {
    const { body } = await world.call('GET', PACKAGES);
    return body.every(({ TagStatus }: Answer['body']) => TagStatus === 'Done' || TagStatus === 'Conflict');
  });
  const report = await backUp(server.dataFolder, world.file);
  assert.deepEqual([report.Packages, report.DeletedMeanwhile, report.Lost, report.KeysNeeded], [3, 0, [], []]);
  assert.equal((await stat(world.file)).mode & 0o777, 0o600);
  assert.deepEqual(await readdir(world.folder), ['backup.tar']);
  const restored = await restoreBackup(restoreRequest(world.file, world.to));
  assert.deepEqual([restored.Packages, restored.Logs, restored.Lost], [3, 3, []]);
  await expectSound(world.to);

  const listed = (await world.call('GET', PACKAGES)).body;
  const [settings, shown] = [await environment.settings(), await environment.get()];
  const hidden = await world.server.call('GET', PACKAGES, undefined, stranger);
  const users = (await server.call('GET', '/manage/1/users')).body;
  const audit = (await server.call('GET', '/manage/1/audit')).body;
  await server.stop();
  const next = await startTestServer(t, { dataFolder: world.to });
  const ask = (path: string, who = richard) => call(next.url, 'GET', path, undefined, who);
  assert.deepEqual((await ask(PACKAGES)).body, listed);
  assert.deepEqual((await ask(`${environment.path}/settings`)).body, settings);
  assert.deepEqual((await ask(environment.path)).body, { ...shown, Url: shown.Url });
  const { status, body: refused } = await ask(PACKAGES, stranger);
  assert.deepEqual([status, refused], [hidden.status, hidden.body]);
  assert.deepEqual((await ask('/manage/1/users', server.admin)).body, users);
  const [first, ...others] = (await ask('/manage/1/audit', server.admin)).body;
  assert.deepEqual([first.Action, others], ['server.restore', audit]);
  for (const { PackageId, Sha256 } of listed) {
    const headers = { 'Mendix-Username': richard.username, 'Mendix-ApiKey': richard.apiKey };
    const download = await fetch(`${next.url}${PACKAGES}/${PackageId}/download`, { headers });
    assert.equal(hash('sha256', await download.bytes()), Sha256);
  }
  const body = { Revision: world.revisions[0], Version: '2.0.0' };
  const started = await call(next.url, 'POST', PACKAGES, body, richard);
  assert.equal(started.status, 200, JSON.stringify(started.body));
  await until(
    'it builds',
    async () => (await ask(`${PACKAGES}/${started.body.PackageId}`)).body.Status === 'Succeeded',
  );
});

test('packages that are deleted while a backup is made are not in it, and those that come then are not either', async (t) => {
  const world = await openWorld(t, 0);
  // More than waits for an output that is held.
  const [large = ''] = await world.repository.commit([{ branch: 'main', files: { large: randomBytes(12_000_000) } }]);
  const { PackageId: first } = await world.build({ Version: '1.0.0', Revision: large });
  const ids = [];
  for (const Version of ['1.0.1', '1.0.2', '1.0.3']) ids.push((await world.build({ Version })).PackageId);
  const [gone, held, kept] = ids;
  await world.server.call('POST', '/manage/1/apps/calc/environments', { Mode: 'Acceptance' });
  const environment = environmentCalls(world.call, 'Acceptance');
  await environment.transport(held);
  const output = heldOutput();
  const backup = backUp(world.dataFolder, output.stream);
  await output.begun;
  await environment.transport(kept);
  for (const id of [gone, held]) assert.equal((await world.call('DELETE', `${PACKAGES}/${id}`)).status, 200);
  const { PackageId: added } = await world.build({ Version: '3.0.0' });
  output.release();
  const report = await backup;
  assert.deepEqual([report.Packages, report.DeletedMeanwhile, report.Lost], [2, 2, []]);
  assert.equal(report.Size, output.bytes().length);
  await writeFile(world.file, output.bytes());
  await restoreBackup(restoreRequest(world.file, world.to));
  await expectSound(world.to);
  const next = await startTestServer(t, { dataFolder: world.to });
  const ask = (path: string) => call(next.url, 'GET', path, undefined, world.richard);
  const restored = (await ask(PACKAGES)).body.map(({ PackageId }: Answer['body']) => PackageId);
  assert.deepEqual(restored.toSorted(), [first, kept].toSorted());
  assert.ok(!restored.includes(added));
  // It held what is gone, at the moment that the backup shows.
  assert.equal((await ask(environment.path)).body.Status, 'Empty');
});

test('a damaged package is named and left out, with an entry in the audit log, and all else is backed up', async (t) => {
  const world = await openWorld(t);
  const [longer, changed, missing] = world.built.map(({ PackageId }) => PackageId);
  await appendFile(await world.fileOf(longer), '!');
  const bytes = await readFile(await world.fileOf(changed));
  bytes[10] = (bytes[10] ?? 0) ^ 1;
  await writeFile(await world.fileOf(changed), bytes);
  await rm(await world.fileOf(missing));
  const sound = await world.build({ Version: '2.0.0' });
  await world.server.call('POST', '/manage/1/apps/calc/environments', { Mode: 'Acceptance' });
  const environment = environmentCalls(world.call, 'Acceptance');
  await environment.transport(changed);
  await environment.run();
  await environment.transport(sound.PackageId);
  const report = await backUp(world.dataFolder, world.file);
  const verdicts = report.Lost.map(({ PackageId, Verdict, Environments }) => [PackageId, Verdict, Environments]);
  assert.deepEqual(verdicts, [
    [longer, 'wrong size', []],
    [changed, 'wrong SHA-256', ['Acceptance']],
    [missing, 'missing', []],
  ]);
  assert.equal(report.Packages, 1);
  const restored = await restoreBackup(restoreRequest(world.file, world.to));
  assert.deepEqual([restored.Packages, restored.Lost], [1, []]);
  await expectSound(world.to);
  const lost = (await auditOf(world.to)).filter((line) => line.startsWith('package.lost'));
  assert.equal(lost.length, 3);
  assert.ok(lost.some((line) => line.includes(`${changed} 1.0.1`) && line.endsWith('it was in Acceptance')));
  const next = await startTestServer(t, { dataFolder: world.to });
  const shown = await call(next.url, 'GET', environment.path, undefined, world.richard);
  assert.equal(shown.body.Status, 'Stopped');
  await until('what was damaged is swept', async () => {
    const names = await readdir(join(world.to, 'packages'), { recursive: true });
    return !names.some((name) => name.includes(changed));
  });
});

test('with their list alone, packages come from a copy of packages/, and those that are not in it are named', async (t) => {
  const world = await openWorld(t, 4);
  const [missing, changed, ...sound] = world.built.map(({ PackageId }) => PackageId);
  const report = await backUp(world.dataFolder, world.file, { packages: 'list' });
  assert.deepEqual([report.Mode, report.Packages, report.Lost], ['list', 4, []]);
  const copy = join(world.folder, 'copy');
  await cp(join(world.dataFolder, 'packages'), copy, { recursive: true });
  await assert.rejects(restoreBackup(restoreRequest(world.file, world.to)), { code: 'PACKAGES_NEEDED' });
  const empty = restoreRequest(world.file, world.to, { packagesFolder: world.folder });
  await assert.rejects(restoreBackup(empty), { code: 'PACKAGES_NOT_FOUND' });
  const copyOf = async (id: string) => (await world.fileOf(id)).replace(join(world.dataFolder, 'packages'), copy);
  await rm(await copyOf(missing));
  await writeFile(await copyOf(changed), randomBytes((await stat(await copyOf(changed))).size));
  const restored = await restoreBackup(restoreRequest(world.file, world.to, { packagesFolder: copy }));
  assert.deepEqual(
    restored.Lost.map(({ PackageId, Verdict }) => [PackageId, Verdict]),
    [
      [missing, 'missing'],
      [changed, 'wrong SHA-256'],
    ],
  );
  await expectSound(world.to);
  assert.deepEqual(
    (await auditOf(world.to))
      .filter((line) => line.startsWith('package.lost'))
      .map((line) => line.split(' ')[1])
      .toSorted(),
    [missing, changed].toSorted(),
  );
  const next = await startTestServer(t, { dataFolder: world.to });
  const listed = await call(next.url, 'GET', PACKAGES, undefined, world.richard);
  assert.deepEqual(listed.body.map(({ PackageId }: Answer['body']) => PackageId).toSorted(), sound.toSorted());
});

test('a restore never goes over a folder that is in use or not empty, and says what to do', async (t) => {
  const world = await openWorld(t, 1);
  await backUp(world.dataFolder, world.file);
  const onto = (folder: string) => restoreBackup(restoreRequest(world.file, folder));
  await assert.rejects(onto(world.dataFolder), {
    code: 'DATA_FOLDER_IN_USE',
    message: /is running on .*stop it first/,
  });
  await world.server.stop();
  await assert.rejects(onto(world.dataFolder), { code: 'DATA_FOLDER_NOT_EMPTY', message: /mv .*\.before/ });
  await mkdir(join(world.to, 'lost+found'), { recursive: true });
  await onto(world.to);
  await expectSound(world.to);
  assert.ok(await isThere(join(world.to, 'lost+found')));
});

test('a backup does not replace a file unless it is told to', async (t) => {
  const world = await openWorld(t, 1);
  await writeFile(world.file, 'precious');
  await assert.rejects(backUp(world.dataFolder, world.file), { code: 'FILE_EXISTS' });
  assert.equal(await readFile(world.file, 'utf8'), 'precious');
  await backUp(world.dataFolder, world.file, { force: true });
  await verifyBackup(restoreRequest(world.file, world.to));
  for (const force of [false, true]) {
    const message = `${world.folder} is a folder: name a file in it, such as ${join(world.folder, 'slipway.tar')}.`;
    await assert.rejects(backUp(world.dataFolder, world.folder, { force }), { code: 'FILE_EXISTS', message });
  }
  assert.deepEqual(await readdir(world.folder), ['backup.tar']);
});

test('two backups to one file do not get into each other', async (t) => {
  const world = await openWorld(t, 1);
  const both = await Promise.allSettled([backUp(world.dataFolder, world.file), backUp(world.dataFolder, world.file)]);
  assert.deepEqual(both.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
  await verifyBackup(restoreRequest(world.file, world.to));
  assert.deepEqual(await readdir(world.folder), ['backup.tar']);
});

test('of a damaged backup, or one with a newer database, nothing is restored', async (t) => {
  const world = await openWorld(t, 2);
  await backUp(world.dataFolder, world.file);
  const bytes = await readFile(world.file);
  const damaged = join(world.folder, 'damaged.tar');
  for (let at = 0; at < bytes.length; at += Math.ceil(bytes.length / 50)) {
    const changed = Buffer.from(bytes);
    // More than may lie between two members.
    for (let next = at; next < at + 512; next += 1) changed[next] = (changed[next] ?? 0) ^ 0x10;
    await writeFile(damaged, changed);
    await assert.rejects(restoreBackup(restoreRequest(damaged, world.to)), BackupUnusable, `byte ${at}`);
    await assert.rejects(verifyBackup(restoreRequest(damaged, world.to)), BackupUnusable, `byte ${at}`);
    assert.equal(await isThere(world.to), false);
  }
  const newer = { ...ABOUT_TEST, Migrations: ['0001-first', '9999-later'] };
  const folder = await temporaryFolder(t);
  const file = await writeTestBackup(folder, { 'slipway.db': Buffer.alloc(10) }, newer);
  const error = await restoreBackup(restoreRequest(file, world.to)).catch((thrown: unknown) => thrown);
  const explained = explainRestore(error, file, world.to);
  assert.ok(explained instanceof Error && 'code' in explained);
  assert.equal(explained.code, 'BACKUP_TOO_NEW');
  assert.match(explained.message, /newer version \(9999-later\): restore it with Slipway 1\.2\.3 or later/);
  assert.equal(await isThere(world.to), false);
});

test('a restore that was cut off is begun anew, and no server starts on what it has left', async (t) => {
  const world = await openWorld(t, 2);
  await backUp(world.dataFolder, world.file);
  await restoreBackup(restoreRequest(world.file, world.to));
  // As kill -9 leaves it before the last step, in which the database comes out.
  await mkdir(join(world.to, 'restore.unfinished'));
  await rename(join(world.to, 'slipway.db'), join(world.to, 'restore.unfinished', 'slipway.db'));
  await assert.rejects(startTestServer(t, { dataFolder: world.to }), { code: 'RESTORE_UNFINISHED' });
  await restoreBackup(restoreRequest(world.file, world.to));
  await expectSound(world.to);
  // And after it.
  await mkdir(join(world.to, 'restore.unfinished'));
  await startTestServer(t, { dataFolder: world.to });
  assert.equal(await isThere(join(world.to, 'restore.unfinished')), false);
});

test('a key that is not in the data folder is named by its id; a rotation of one that is goes with the backup', async (t) => {
  const world = await openWorld(t, 1);
  const secret = '/manage/1/apps/calc/secrets/TOKEN';
  assert.equal((await world.server.call('PUT', secret, { Value: 'open-sesame' })).status, 200);
  await world.server.stop();
  const configuration = testConfiguration(world.dataFolder);
  const rotation = { newKey: undefined, dropUnreadable: false, clock: Date.now };
  const { KeyId } = await rotateStoredSecrets(configuration, rotation);
  // As kill -9 leaves it before the key gets its name.
  await rename(join(world.dataFolder, 'secret.key'), join(world.dataFolder, 'secret.key.next'));
  await writeFile(join(world.dataFolder, 'secret.key'), randomBytes(32).toString('hex'));
  const whole = await backUp(world.dataFolder, world.file);
  assert.deepEqual([whole.KeysNeeded, whole.Keys.slice(0, 2)], [[], ['secret.key', 'secret.key.next']]);
  await restoreBackup(restoreRequest(world.file, world.to));
  await (await startTestServer(t, { dataFolder: world.to })).stop();

  const key = await readFile(join(world.to, 'secret.key'), 'utf8');
  for (const name of ['secret.key', 'secret.key.next']) await rm(join(world.dataFolder, name));
  const file = join(world.folder, 'without.tar');
  assert.deepEqual((await backUp(world.dataFolder, file)).KeysNeeded, [KeyId]);
  const to = join(world.folder, 'without');
  assert.deepEqual((await restoreBackup(restoreRequest(file, to))).KeysNeeded, [KeyId]);
  await assert.rejects(startTestServer(t, { dataFolder: to }), { code: 'SECRET_KEY_MISSING' });
  await startTestServer(t, { dataFolder: to, secretKey: Buffer.from(key.trim(), 'hex') });
});

test('on a full disk neither a backup nor a restore leaves anything, and both say so', async (t) => {
  const disk = await mountSmallDisk(t, 16);
  if (disk === undefined) return;
  const world = await openWorld(t, 1);
  const [large = ''] = await world.repository.commit([{ branch: 'main', files: { large: randomBytes(3_000_000) } }]);
  await world.build({ Revision: large });
  await backUp(world.dataFolder, world.file);
  for (const leftBytes of [0, 100_000, 1_000_000, 2_500_000]) {
    await disk.fill(leftBytes);
    const target = join(disk.folder, 'backup.tar');
    const error = await backUp(world.dataFolder, target).catch((thrown: unknown) => thrown);
    assert.equal(
      (explainBackup(error, world.dataFolder, target) as { code?: string }).code,
      'STORAGE_FULL',
      String(error),
    );
    const to = join(disk.folder, 'restored');
    const failure = await restoreBackup(restoreRequest(world.file, to)).catch((thrown: unknown) => thrown);
    assert.equal((explainRestore(failure, world.file, to) as { code?: string }).code, 'STORAGE_FULL', String(failure));
    assert.deepEqual(
      (await readdir(disk.folder, { recursive: true })).filter(
        (name) => !/^filler|^restored$|^restored\/lock$/.test(name),
      ),
      [],
    );
    await disk.clear();
  }
  await backUp(world.dataFolder, join(disk.folder, 'backup.tar'));
  await restoreBackup(restoreRequest(world.file, join(disk.folder, 'restored')));
  await expectSound(join(disk.folder, 'restored'));
});

test('a build that was under way is built by the restored server, and an upload that was received is checked', async (t) => {
  const world = await openWorld(t, 1);
  const id = world.built[0].PackageId;
  const form = new FormData();
  const zip = await makeMendixPackage({ ModelVersion: '1.2.3' });
  form.set('file', new Blob([Buffer.from(zip)]), 'uploaded.mda');
  const headers = { 'Mendix-Username': world.server.admin.username, 'Mendix-ApiKey': world.server.admin.apiKey };
  const answer = await fetch(`${world.server.url}${PACKAGES}/upload`, { method: 'POST', headers, body: form });
  const { PackageId: uploaded } = (await answer.json()) as Answer['body'];
  await until(
    'it is checked',
    async () => (await world.call('GET', `${PACKAGES}/${uploaded}`)).body.Status === 'Succeeded',
  );
  await world.server.stop();
  // As it is between the claim of a build and its end, and between the answer to an upload and its check.
  const database = await openSqliteDatabase(join(world.dataFolder, 'slipway.db'));
  const lost = { blob_key: null, finished_at: null };
  const building = {
    status: 'Building',
    sha256: null,
    size_bytes: 0,
    worker: 'gone:1',
    lease_expires_at: 9e12,
  } as const;
  await database.transaction(async (queries) => {
    await queries
      .updateTable('packages')
      .set({ ...lost, ...building })
      .where('id', '=', id)
      .execute();
    await queries
      .updateTable('packages')
      .set({ ...lost, status: 'Uploading' })
      .where('id', '=', uploaded)
      .execute();
  });
  await database.close();
  await backUp(world.dataFolder, world.file);
  const restored = await restoreBackup(restoreRequest(world.file, world.to));
  assert.deepEqual([restored.Packages, restored.Unfinished.Builds], [1, 2]);
  const next = await startTestServer(t, { dataFolder: world.to });
  for (const packageId of [id, uploaded]) {
    await until('it has succeeded', async () => {
      const { body } = await call(next.url, 'GET', `${PACKAGES}/${packageId}`, undefined, world.richard);
      assert.notEqual(body.Status, 'Failed', JSON.stringify(body));
      return body.Status === 'Succeeded';
    });
  }
  await expectSound(world.to);
});

test('without what had not ended, a restored server does nothing by itself, and says so of each', async (t) => {
  const world = await openWorld(t, 2);
  const [queued, deployed] = world.built.map(({ PackageId }) => PackageId);
  await world.server.call('POST', '/manage/1/apps/calc/environments', { Mode: 'Acceptance' });
  const environment = environmentCalls(world.call, 'Acceptance');
  await environment.transport(deployed);
  await world.server.stop();
  const database = await openSqliteDatabase(join(world.dataFolder, 'slipway.db'));
  const { id: environmentId, app_id } = await database.read
    .selectFrom('environments')
    .select(['id', 'app_id'])
    .executeTakeFirstOrThrow();
  const none = { blob_key: null, finished_at: null, started_at: null, sha256: null, size_bytes: 0 };
  const job = {
    id: 'job',
    environment_id: environmentId,
    package_id: deployed,
    auto_sync_db: 0,
    created_at: 1,
  } as const;
  const hook = { id: 'mxep_1', app_id, name: 'hook', url: 'https://example.com', event_types: '["build.failed"]' };
  await database.transaction(async (queries) => {
    await queries
      .updateTable('packages')
      .set({ ...none, status: 'Queued' })
      .where('id', '=', queued)
      .execute();
    await insertJob(queries, { ...job, kind: 'start' });
    await insertWebhook(queries, { ...hook, is_active: 1, secrets: '', headers: null, note: null, created_at: 1 });
    await insertMessage(queries, { webhookId: hook.id, eventType: 'build.failed', payload: '{}', at: 1 });
    await queries.deleteFrom('outbox').execute();
    await insertOutboxEntry(queries, { kind: 'tag', package_id: deployed, app_id, created_at: 1, due_at: 1 });
    await insertPush(queries, {
      id: 'push',
      app_id,
      branch: 'main',
      is_main_line: 1,
      before_revision: '0'.repeat(40),
      after_revision: world.revisions[1],
      pusher: '',
      summary: '',
      status: 'Waiting',
      attempts: 0,
      received_at: 1,
      due_at: 1,
    });
  });
  await database.close();
  await backUp(world.dataFolder, world.file);
  const usual = await restoreBackup(restoreRequest(world.file, join(world.folder, 'usual')));
  assert.deepEqual(usual.Unfinished, { Builds: 1, Pushes: 1, Tags: 1, Deployments: 1, WebhookMessages: 1 });
  const restored = await restoreBackup(restoreRequest(world.file, world.to, { endsUnfinished: true }));
  assert.deepEqual(restored.Unfinished, { Builds: 0, Pushes: 0, Tags: 0, Deployments: 0, WebhookMessages: 0 });
  const next = await startTestServer(t, { dataFolder: world.to });
  const ask = async (path: string) => (await call(next.url, 'GET', path, undefined, world.richard)).body;
  const failed = await ask(`${PACKAGES}/${queued}`);
  assert.equal(failed.Status, 'Failed');
  assert.match(JSON.stringify(failed), /restored from a backup without what had not ended/);
  assert.equal((await ask(`${PACKAGES}/${deployed}`)).TagStatus, 'Failed');
  assert.equal((await ask(environment.path)).Status, 'Stopped');
  const queries = openSqliteReader(join(world.to, 'slipway.db'));
  t.after(() => queries.destroy());
  assert.equal((await findAnyWebhook(queries, hook.id))?.is_active, 0);
  const [push] = await listPushes(queries, app_id, 10);
  assert.equal(push?.status, 'Failed');
  assert.match(push?.reason ?? '', /restored from a backup without what had not ended/);
});
