import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { updateWebhook } from '../../src/database/webhooks.ts';
import { HIDDEN } from '../../src/protocol/webhooks.ts';
import { runSlipway } from '../support/run-slipway.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { inDatabaseOf } from '../support/stores.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';
import { webhookCalls } from '../support/webhook-calls.ts';
import { startWebhookReceiver } from '../support/webhook-receiver.ts';
import { MESSAGE_SECRET } from '../support/webhooks.ts';

type Context = Parameters<typeof temporaryFolder>[0];

const HEADER = { key: 'Authorization', value: 'Bearer sesame' };

/** A webhook with a secret and a header, of a server that is stopped and started on the same folder. */
async function setUp(t: Context) {
  const receiver = await startWebhookReceiver(t);
  const dataFolder = await temporaryFolder(t);
  const start = () => startTestServer(t, { dataFolder, webhookNetworks: ['127.0.0.1'] });
  const first = await start();
  const { admin } = first;
  await first.call('POST', '/manage/1/apps', { AppId: 'calc', Repository: '/nowhere' });
  const given = { name: 'CI', url: receiver.url, eventTypes: ['build.failed'], headers: [HEADER] };
  const { id } = (await webhookCalls(first)('POST', '', { ...given, validationSecret: MESSAGE_SECRET })).body;
  const callsOf = (server: TestServer) => {
    const calls = webhookCalls(server, admin);
    const testIt = async () => {
      const { body } = await calls('POST', `/${id}/test`);
      return await until('the test is over', async () => {
        const message = (await calls('GET', `/${id}/messages/${body.id}`)).body;
        return message.status !== 'Pending' && message.status;
      });
    };
    const change = (body: object) => calls('PUT', `/${id}`, body);
    return { show: async () => (await calls('GET', `/${id}`)).body, change, testIt };
  };
  return { receiver, dataFolder, id: id as string, first, restart: async () => callsOf(await start()), callsOf };
}

test('another key for everything that is encrypted changes nothing for a webhook', async (t) => {
  const { dataFolder, first, restart, receiver } = await setUp(t);
  await first.stop();
  const rotated = await runSlipway(t, dataFolder, ['secrets', 'rotate', '--data', dataFolder]);
  assert.match(rotated.stdout, /^Encrypted 2 credentials and secrets/, rotated.stderr);
  assert.equal(await (await restart()).testIt(), 'Delivered');
  assert.equal(receiver.messages[0]?.headers.authorization, HEADER.value);
});

test('a webhook whose secret is lost with the key rests until it is given another one', async (t) => {
  const { dataFolder, first, restart } = await setUp(t);
  await first.stop();
  await rm(join(dataFolder, 'secret.key'));
  const rotated = await runSlipway(t, dataFolder, ['secrets', 'rotate', '--drop-unreadable', '--data', dataFolder]);
  assert.match(rotated.stdout, /Removed 2 that could not be decrypted/, rotated.stderr);
  const { show, change, testIt } = await restart();
  const lost = await show();
  assert.deepEqual([lost.isActive, lost.headers, lost.formerSecretUntil], [false, [], null]);
  assert.equal(lost.note, 'Its secret was lost: give it a new one.');
  const refused = await change({ isActive: true, validationSecret: HIDDEN });
  assert.match(refused.body.errorMessage, /^The secret of the webhook 'CI' was lost: give it a new validationSecret/);
  assert.equal(refused.body.error['invalid-params'][0].name, 'validationSecret');
  assert.equal((await change({ name: 'Renamed' })).status, 202, 'what it is called does not hang on it');
  const mended = await change({ isActive: true, validationSecret: MESSAGE_SECRET });
  assert.deepEqual([mended.status, mended.body.formerSecretUntil, mended.body.note], [202, null, null]);
  assert.equal(await testIt(), 'Delivered');
});

test('a webhook whose secret is damaged says so, and is mended by another one', async (t) => {
  const { dataFolder, id, first, callsOf, receiver } = await setUp(t);
  await inDatabaseOf(dataFolder, (database) =>
    database.transaction((queries) => updateWebhook(queries, id, { secrets: 'damaged', headers: 'damaged' })),
  );
  const { show, change, testIt } = callsOf(first);
  const damaged = await show();
  assert.match(damaged.note, /^The headers of this webhook are damaged/);
  assert.equal(await testIt(), 'Failed');
  const kept = await change({ validationSecret: MESSAGE_SECRET, headers: [{ ...HEADER, value: HIDDEN }] });
  assert.match(kept.body.errorMessage, /^The webhook has no header 'Authorization' whose value could be kept/);
  const mended = await change({ validationSecret: MESSAGE_SECRET, headers: [HEADER] });
  assert.deepEqual([mended.status, mended.body.note, mended.body.formerSecretUntil], [202, null, null]);
  assert.equal(await testIt(), 'Delivered');
  assert.equal(receiver.messages[0]?.headers.authorization, HEADER.value);
});

test('a webhook with a long log is deleted without keeping others waiting', async (t) => {
  const { dataFolder, id, first } = await setUp(t);
  await inDatabaseOf(dataFolder, (database) =>
    database.transaction(async (queries) => {
      const message = { webhook_id: id, event_type: 'build.failed', payload: '{}', is_test: 0 } as const;
      const ended = { status: 'Delivered', attempts: 1, created_at: 5, due_at: 5, ended_at: 6 } as const;
      const attempt = { at: 5, duration_ms: 1, url: 'http://x', request_headers: '{}' };
      for (let at = 0; at < 600; at += 1) {
        await queries
          .insertInto('webhook_messages')
          .values({ ...message, ...ended, id: `msg_${at}` })
          .execute();
        await queries
          .insertInto('webhook_attempts')
          .values({ ...attempt, message_id: `msg_${at}` })
          .execute();
      }
    }),
  );
  const calls = webhookCalls(first);
  const answers = await Promise.all([calls('DELETE', `/${id}`), calls('DELETE', `/${id}`)]);
  assert.ok(answers.some(({ status }) => status === 204));
  assert.ok(answers.every(({ status }) => status === 204 || status === 404));
  const left = await inDatabaseOf(dataFolder, (database) =>
    database.read.selectFrom('webhook_attempts').selectAll().execute(),
  );
  assert.deepEqual(left, []);
});
