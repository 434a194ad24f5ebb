import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { access, copyFile, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { CommandFailure } from '../../src/cli/exit-codes.ts';
import { listSealed, replaceSealed } from '../../src/database/app-secrets.ts';
import { listVisibleApps } from '../../src/database/apps.ts';
import { DataFolderInUse } from '../../src/database/sqlite/data-folder-lock.ts';
import { openSqliteDatabase } from '../../src/database/sqlite/sqlite-database.ts';
import type { Login } from '../../src/domain/identifiers.ts';
import { rotateStoredSecrets } from '../../src/main/rotate-stored-secrets.ts';
import { startServerOrExplain } from '../../src/main/start-or-explain.ts';
import { openStoredSecrets } from '../../src/main/stored-secrets.ts';
import { openAppCredentials } from '../../src/operations/app-credentials.ts';
import { openAppSecrets } from '../../src/operations/open-app-secrets.ts';
import { runSlipway, startSlipway } from '../support/run-slipway.ts';
import { startTestServer, testConfiguration } from '../support/server.ts';
import type { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

type Context = Parameters<typeof temporaryFolder>[0];

const KEY = /^[0-9a-f]{64}\n$/;
const KEPT = { credentials: { kind: 'token', token: 'open-sesame' }, secrets: { A: 'one', B: 'two\nlines' } };

/** The data folder of a server that was stopped, with an app that keeps {@link KEPT}. */
async function stoppedServer(test: Context, secretKey?: Buffer): Promise<string> {
  const server = await startTestServer(test, { secretKey });
  const app = '/manage/1/apps/calc';
  await server.call('POST', '/manage/1/apps', { AppId: 'calc', Repository: '/nowhere' });
  await server.call('PUT', `${app}/credentials`, { Kind: 'token', Token: KEPT.credentials.token });
  for (const [name, Value] of Object.entries(KEPT.secrets)) {
    assert.equal((await server.call('PUT', `${app}/secrets/${name}`, { Value })).status, 200);
  }
  await server.stop();
  return server.dataFolder;
}

/** What the app keeps, read as a start of the server reads it. */
async function readKept(dataFolder: string, secretKey?: Buffer) {
  const database = await openSqliteDatabase(join(dataFolder, 'slipway.db'));
  try {
    const secretBox = await openStoredSecrets({ dataFolder, secretKey }, database);
    const admin = { id: '', login: 'admin' as Login, name: '', isAdmin: true };
    const [app] = await listVisibleApps(database.read, admin);
    assert.ok(app);
    const { kind, ...rest } = openAppCredentials(secretBox, app) ?? { kind: undefined };
    return { credentials: { kind, ...rest }, secrets: await openAppSecrets({ database, secretBox }, app.id) };
  } finally {
    await database.close();
  }
}

const rotate = (dataFolder: string, { dropUnreadable = false } = {}) =>
  rotateStoredSecrets(testConfiguration(dataFolder), { newKey: undefined, dropUnreadable, clock: Date.now });

const isThere = (file: string) =>
  access(file).then(
    () => true,
    () => false,
  );

test('the first start makes a key that its owner alone can read', async (t) => {
  const dataFolder = await stoppedServer(t);
  const file = join(dataFolder, 'secret.key');
  assert.match(await readFile(file, 'utf8'), KEY);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  assert.deepEqual(await readKept(dataFolder), KEPT);
});

test('without the key, or with another one, the server does not start, says what to do, and loses nothing', async (t) => {
  const dataFolder = await stoppedServer(t);
  const file = join(dataFolder, 'secret.key');
  const refuses = (sentence: RegExp, secretKey?: Buffer) =>
    assert.rejects(startServerOrExplain(testConfiguration(dataFolder, { secretKey })), (error) => {
      assert.ok(error instanceof CommandFailure, String(error));
      assert.match(error.message, sentence);
      assert.equal(error.reason, 'checkFailed');
      return true;
    });
  await rename(file, `${file}.away`);
  await refuses(/^\S*secret\.key is missing, .*: restore it from a copy of the data folder/);
  assert.equal(await isThere(file), false);
  const other = /encrypted with the key [0-9a-f]{16}, and SLIPWAY_SECRET_KEY is the key [0-9a-f]{16}: give the key/;
  await refuses(other, randomBytes(32));
  await writeFile(file, 'no key\n');
  await refuses(/secret\.key does not hold a key/);
  await rename(`${file}.away`, file);
  assert.deepEqual(await readKept(dataFolder), KEPT);
});

test('a rotation leaves everything readable with the new key, and nothing with the old one', async (t) => {
  const dataFolder = await stoppedServer(t);
  const file = join(dataFolder, 'secret.key');
  const old = await readFile(file, 'utf8');
  const running = await startTestServer(t, { dataFolder });
  await assert.rejects(rotate(dataFolder), DataFolderInUse);
  await running.stop();
  const rotated = await runSlipway(t, dataFolder, ['secrets', 'rotate', '--data', dataFolder]);
  assert.match(rotated.stdout, /^Encrypted 3 credentials and secrets with the new key [0-9a-f]{16}\./, rotated.stderr);
  assert.match(await readFile(file, 'utf8'), KEY);
  assert.notEqual(await readFile(file, 'utf8'), old);
  assert.deepEqual(await readKept(dataFolder), KEPT);
  await assert.rejects(readKept(dataFolder, Buffer.from(old.trim(), 'hex')), /are encrypted with the key/);
});

test('an interrupted rotation is ended or undone by the next start, as the database says', async (t) => {
  const dataFolder = await stoppedServer(t);
  const file = join(dataFolder, 'secret.key');
  const next = `${file}.next`;
  // Before anything was encrypted with the new key.
  await writeFile(next, `${randomBytes(32).toString('hex')}\n`);
  assert.deepEqual(await readKept(dataFolder), KEPT);
  assert.equal(await isThere(next), false);
  // After everything was, and before the new key took the place of the old one.
  await copyFile(file, `${file}.old`);
  await rotate(dataFolder);
  await rename(file, next);
  await rename(`${file}.old`, file);
  assert.deepEqual(await readKept(dataFolder), KEPT);
  assert.equal(await isThere(next), false);
});

test('a rotation that meets something damaged changes nothing, unless it may be removed', async (t) => {
  const dataFolder = await stoppedServer(t);
  const old = await readFile(join(dataFolder, 'secret.key'), 'utf8');
  await damage(dataFolder, 'A');
  const failed = await runSlipway(t, dataFolder, ['secrets', 'rotate', '--data', dataFolder]);
  assert.match(
    failed.stderr,
    /^Of the app 'calc': The stored bytes of the secret A are damaged: .* --drop-unreadable\.\n$/,
  );
  assert.equal(failed.code, 8);
  assert.equal(await readFile(join(dataFolder, 'secret.key'), 'utf8'), old);
  const { Encrypted, Removed } = await rotate(dataFolder, { dropUnreadable: true });
  assert.deepEqual([Encrypted, Removed], [2, 1]);
  const { A, ...secrets } = KEPT.secrets;
  assert.deepEqual(await readKept(dataFolder), { ...KEPT, secrets });
});

test('a secret whose bytes name no key does not stop the server, and is alone in being removed', async (t) => {
  const dataFolder = await stoppedServer(t);
  await spoil(dataFolder, 'A', (sealed) => `AAAA${sealed.slice(4)}`);
  await assert.rejects(readKept(dataFolder), {
    code: 'secret-unreadable',
    message: /secret A are damaged.*: set them again/,
  });
  const { Encrypted, Removed } = await rotate(dataFolder, { dropUnreadable: true });
  assert.deepEqual([Encrypted, Removed], [2, 1]);
  const { A, ...secrets } = KEPT.secrets;
  assert.deepEqual(await readKept(dataFolder), { ...KEPT, secrets });
});

test('what the key of the data folder opens is kept, though something else was encrypted with another', async (t) => {
  const dataFolder = await stoppedServer(t);
  await spoil(dataFolder, 'A', (sealed) => sealed.replace(/^v1\.[0-9a-f]{16}/, `v1.${'0'.repeat(16)}`));
  await assert.rejects(readKept(dataFolder), /encrypted with the key 0{16}/);
  assert.deepEqual((await rotate(dataFolder, { dropUnreadable: true })).Removed, 1);
  const { A, ...secrets } = KEPT.secrets;
  assert.deepEqual(await readKept(dataFolder), { ...KEPT, secrets });
});

test('credentials that are damaged are said to be so by every call that needs them', async (t) => {
  const server = await startTestServer(t);
  await server.call('POST', '/manage/1/apps', { AppId: 'calc', Repository: '/nowhere' });
  await server.call('PUT', '/manage/1/apps/calc/credentials', { Kind: 'token', Token: 'open-sesame' });
  await spoil(server.dataFolder, undefined, (sealed) => sealed.slice(0, 30));
  const { ProjectId } = (await server.call('GET', '/manage/1/apps/calc')).body;
  const ours = ['/api/1/apps/calc/branches', '/manage/1/apps/calc/credentials'];
  const calls = [...ours, `/v1/repositories/${ProjectId}/branches`];
  for (const path of calls) {
    const { status, body } = await server.call('GET', path);
    assert.equal(status, 502, path);
    assert.equal(body.errorMessage, "The credentials of the app 'calc' cannot be decrypted: set them again.");
  }
});

const damage = (dataFolder: string, name: string) =>
  spoil(dataFolder, name, (sealed) => sealed.replace(/....$/, 'AAAA'));

/** Changes what an app keeps sealed. @param name of a secret; undefined for the credentials */
async function spoil(dataFolder: string, name: string | undefined, change: (sealed: string) => string): Promise<void> {
  const database = await openSqliteDatabase(join(dataFolder, 'slipway.db'));
  await database.transaction(async (queries) => {
    const found = (await listSealed(queries)).find((one) => one.name === name);
    assert.ok(found);
    await replaceSealed(queries, { ...found, sealed: change(found.sealed) });
  });
  await database.close();
}

test('nothing is lost when a rotation is killed', async (t) => {
  const dataFolder = await stoppedServer(t);
  const next = join(dataFolder, 'secret.key.next');
  const wal = join(dataFolder, 'slipway.db-wal');
  const written = () =>
    stat(wal).then(
      ({ size }) => size > 0 && isThere(next),
      () => false,
    );
  for (const isReached of [() => isThere(next), written]) {
    const rotation = startSlipway(t, dataFolder, ['secrets', 'rotate', '--data', dataFolder]);
    let isOver = false;
    void rotation.ended.then(() => {
      isOver = true;
    });
    await until('the rotation is under way', async () => isOver || (await isReached()));
    rotation.process.kill('SIGKILL');
    await rotation.ended;
    assert.deepEqual(await readKept(dataFolder), KEPT);
  }
});

test('a key of the environment is replaced by one that is given', async (t) => {
  const former = randomBytes(32);
  const dataFolder = await stoppedServer(t, former);
  assert.equal(await isThere(join(dataFolder, 'secret.key')), false);
  const variables = { SLIPWAY_SECRET_KEY: former.toString('hex') };
  const args = ['secrets', 'rotate', '--data', dataFolder];
  assert.match((await runSlipway(t, dataFolder, args, variables)).stderr, /give it with --new-key-file/);
  const key = randomBytes(32);
  await writeFile(join(dataFolder, 'new'), key.toString('base64'));
  const rotated = await runSlipway(t, dataFolder, [...args, '--new-key-file', 'new'], variables);
  assert.match(
    rotated.stdout,
    /Start every server and worker with the new key in SLIPWAY_SECRET_KEY from now on\.\n$/,
    rotated.stderr,
  );
  assert.deepEqual(await readKept(dataFolder, key), KEPT);
});

test('where the key is lost for good, what was encrypted with it is removed when that is asked for', async (t) => {
  const dataFolder = await stoppedServer(t);
  await rm(join(dataFolder, 'secret.key'));
  await assert.rejects(rotate(dataFolder), /secret\.key is missing/);
  assert.equal((await rotate(dataFolder, { dropUnreadable: true })).Removed, 3);
  assert.deepEqual(await readKept(dataFolder), { credentials: { kind: undefined }, secrets: {} });
});
