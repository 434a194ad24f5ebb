import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { startDeployReceiver, WEBHOOK_SECRET } from '../support/deploy-receiver.ts';
import { environmentCalls, waitForStart } from '../support/environments.ts';
import { openFront } from '../support/front.ts';
import { makeTestRepository } from '../support/git.ts';
import { postgresDatabase } from '../support/postgres.ts';
import { type Answer, call, startTestServer } from '../support/server.ts';
import { startServerProcess } from '../support/server-process.ts';
import { openSharedBlobs } from '../support/shared-blobs.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const MANAGED = '/manage/1/apps/calc/environments';
/** A lease, and what comes on top of it: see `main/open-deployments.ts`. */
const TAKEN_OVER_MS = 60_000;

/** What is started from now on ends before the database goes, which it needs for that. */
function stoppedFirst(t: TestContext): { after(work: () => unknown): void } {
  const stack = new AsyncDisposableStack();
  t.after(() => stack.disposeAsync());
  return { after: (work) => stack.defer(async () => void (await work())) };
}

test('of two servers on a database, one takes reports for the other, and goes on with its start once it is killed', async (t) => {
  const folder = await temporaryFolder(t);
  const [front, receiver] = [await openFront(t), await startDeployReceiver(t)];
  const servers = stoppedFirst(t);
  const [databaseUrl, secretKey] = [await postgresDatabase(), randomBytes(32)];
  const blobs = await openSharedBlobs();
  const killed = await startServerProcess(join(folder, 'killed'), {
    SLIPWAY_DATABASE: databaseUrl,
    SLIPWAY_SECRET_KEY: secretKey.toString('hex'),
    SLIPWAY_PUBLIC_URL: front.url,
    ...blobs.variables,
  });
  servers.after(() => killed.end('SIGKILL'));
  const shared = { databaseUrl, secretKey, s3: blobs.settings, publicUrl: front.url, buildSlots: 0 };
  const other = await startTestServer(servers, { dataFolder: join(folder, 'other'), ...shared });
  const callsAt = (url: string) => {
    const ask = (method: string, path: string, body?: unknown): Promise<Answer> =>
      call(url, method, path, body, killed.admin);
    return { ask, ...environmentCalls(ask, 'Test') };
  };
  const [first, second] = [callsAt(killed.url), callsAt(other.url)];

  const source = await makeTestRepository(join(folder, 'source.git'), { mainBranch: 'main' });
  const [Revision] = await source.commit([{ branch: 'main', files: { 'readme.txt': 'one' } }]);
  await first.ask('POST', '/manage/1/apps', { AppId: 'calc', Repository: source.path });
  const TargetOptions = { url: receiver.url, secret: WEBHOOK_SECRET };
  await second.ask('POST', MANAGED, { Mode: 'Test', Target: 'webhook', TargetOptions });
  const { PackageId } = (await first.ask('POST', '/api/1/apps/calc/packages', { Revision, Version: '1.0.0' })).body;
  await until('the build ends', async () => {
    const { body } = await second.ask('GET', `/api/1/apps/calc/packages/${PackageId}`);
    return body.Status === 'Succeeded';
  });
  front.leadTo(killed.url);
  const transported = await second.transport(PackageId);
  assert.equal(transported.status, 200, JSON.stringify(transported.body));

  front.leadTo(other.url);
  receiver.next('accept', 'deploy', 'accept', 'accept');
  const reported = (await first.start()).body.JobId;
  const order = await until('the order has come', () => receiver.orders[1]);
  const report = { status: 'Started' };
  assert.equal(await receiver.report({ ...order, id: randomUUID() }, report), 403);
  assert.equal(await receiver.report(order, report, `whsec_${Buffer.alloc(32).toString('base64')}`), 403);
  assert.equal(await receiver.report(order, { status: 'Perhaps' }), 400);
  assert.equal(await receiver.report(order, report), 200);
  await waitForStart(() => second.startStatus(reported));
  assert.equal(await receiver.report(order, { status: 'Failed' }), 200);
  assert.equal((await first.get()).Status, 'Running');

  assert.equal((await second.stop()).status, 200);
  assert.equal(await receiver.report({ ...order, id: receiver.orders[2]?.id ?? '' }, report), 403);
  const { JobId } = (await first.start()).body;
  await until('the order has come', () => receiver.orders[3]);
  await killed.end('SIGKILL');
  const again = await until('the order has come again', () => receiver.orders[4], TAKEN_OVER_MS);
  assert.deepEqual([again.id, again.type], [JobId, 'environment.start']);
  assert.equal(await receiver.report(again, report), 200);
  await waitForStart(() => second.startStatus(JobId));
  assert.equal((await second.get()).Status, 'Running');
});

test('no environment is deployed into a directory where a database is shared', async (t) => {
  const folder = await temporaryFolder(t);
  const servers = stoppedFirst(t);
  const databaseUrl = await postgresDatabase();
  const server = await startTestServer(servers, { databaseUrl, secretKey: randomBytes(32), deployFolders: [folder] });
  await server.call('POST', '/manage/1/apps', { AppId: 'calc', Repository: folder });
  const TargetOptions = { folder: join(folder, 'calc') };
  const answer = await server.call('POST', MANAGED, { Mode: 'Test', Target: 'directory', TargetOptions });
  assert.equal(answer.body.errorCode, 'INVALID_PARAMETERS');
  assert.match(answer.body.errorMessage, /^The target 'directory' .* use the target 'webhook' or 'kubernetes'\.$/);
});
