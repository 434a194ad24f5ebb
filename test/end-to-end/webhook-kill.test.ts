import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { EventType } from '../../src/protocol/webhook-events.ts';
import { makeTestRepository } from '../support/git.ts';
import { type Answer, call } from '../support/server.ts';
import { startServerProcess } from '../support/server-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';
import { type ReceivedMessage, startWebhookReceiver } from '../support/webhook-receiver.ts';
import { addWebhookTo } from '../support/webhooks.ts';

const EVENTS = ['build.queued', 'build.started', 'build.succeeded', 'package.uploaded'] as const;
/** After how many messages each life of the server ends. */
const LIVES = [1, 3, 7, 12];
const BUILDS = 4;

/** A server that can be killed and started again, with an app whose webhook leads to a receiver. */
async function openWorld(t: TestContext) {
  const folder = await temporaryFolder(t);
  const dataFolder = join(folder, 'data');
  const source = await makeTestRepository(join(folder, 'source.git'));
  const [Revision] = await source.commit([{ branch: 'main', files: { 'file.txt': 'x'.repeat(5000) } }]);
  const receiver = await startWebhookReceiver(t);
  const serve = async () => {
    const server = await startServerProcess(dataFolder, { SLIPWAY_WEBHOOK_NETWORKS: '127.0.0.1' });
    t.after(() => server.end('SIGKILL'));
    const ask = (method: string, path: string, body?: unknown): Promise<Answer> =>
      call(server.url, method, path, body, server.admin);
    const build = async (Version: string): Promise<string> =>
      (await ask('POST', '/api/1/apps/calc/packages', { Revision, Version })).body.PackageId;
    return { ask, build, kill: () => server.end('SIGKILL') };
  };
  const first = await serve();
  await first.ask('POST', '/manage/1/apps', { AppId: 'calc', Repository: source.path, MainBranch: 'main' });
  await addWebhookTo(dataFolder, 'calc', { url: receiver.url, eventTypes: [...EVENTS, 'build.failed'] });
  return { first, serve, receiver };
}

/** What a receiver acts on that remembers `webhook-id`. */
function actOnce(messages: readonly ReceivedMessage[]): readonly ReceivedMessage[] {
  return [...new Map(messages.toReversed().map((message) => [message.id, message])).values()].reverse();
}

test('what was told before kill -9 is delivered after it, and a receiver that remembers ids acts once', async (t) => {
  const { first, serve, receiver } = await openWorld(t);
  receiver.usually('silence');
  const id = await first.build('1.0.0');
  await until('the build has ended, and its first message was sent', async () => {
    const { body } = await first.ask('GET', `/api/1/apps/calc/packages/${id}`);
    return body.Status === 'Succeeded' && receiver.messages.length === 1;
  });
  assert.equal(await first.kill(), 'SIGKILL');
  receiver.usually('take');
  await serve();
  await until('everything has come', () => receiver.messages.length === 1 + EVENTS.length);
  const [unanswered, again] = receiver.messages;
  assert.deepEqual([again?.id, again?.body], [unanswered?.id, unanswered?.body]);
  const acted = actOnce(receiver.messages);
  assert.deepEqual(
    acted.map(({ payload }) => [payload.eventType, payload.packageId]),
    EVENTS.map((event) => [event, id]),
  );
});

test('however often the server is killed, each event of each build comes, and as one message', async (t) => {
  const { first, serve, receiver } = await openWorld(t);
  receiver.usually({ status: 204, afterMs: 10 });
  let server = first;
  for (const [life, messages] of LIVES.entries()) {
    const before = receiver.messages.length;
    for (let build = 0; build < BUILDS; build++) await server.build(`1.${life}.${build}`);
    await until('enough has come', () => receiver.messages.length >= before + messages);
    assert.equal(await server.kill(), 'SIGKILL');
    server = await serve();
  }
  const packages = await until('every build has ended', async () => {
    const body: Shown[] = (await server.ask('GET', '/api/1/apps/calc/packages')).body;
    return body.every(({ Status }) => Status in ENDS) && body;
  });
  assert.equal(packages.length, LIVES.length * BUILDS);
  const told = () => actOnce(receiver.messages).map(({ payload }) => payload);
  // A build whose worker was killed begins once more, and that is told as well.
  const toldOf = (id: string) =>
    told()
      .filter(({ packageId, eventType }) => packageId === id && eventType !== 'build.started')
      .map(({ eventType }) => eventType);
  for (const { PackageId, Status } of packages) {
    const wanted = ['build.queued', ...(ENDS[Status] ?? [])];
    await until(`everything of ${PackageId} has come`, () => toldOf(PackageId).length >= wanted.length);
    assert.deepEqual(toldOf(PackageId), wanted);
  }
});

interface Shown {
  readonly PackageId: string;
  readonly Status: string;
}

/** What is told of the end of a build; one that was killed too often has failed. */
const ENDS: Readonly<Record<string, readonly EventType[]>> = {
  Succeeded: ['build.succeeded', 'package.uploaded'],
  Failed: ['build.failed'],
};
