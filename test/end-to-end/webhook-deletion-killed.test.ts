import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call } from '../support/server.ts';
import { startServerProcess } from '../support/server-process.ts';
import { inDatabaseOf } from '../support/stores.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';
import { webhookCalls } from '../support/webhook-calls.ts';

const MESSAGES = 5000;

test('a webhook whose deletion was killed is gone, or tells nothing and is deleted by the next call', async (t) => {
  const folder = await temporaryFolder(t);
  const first = await startServerProcess(folder);
  t.after(() => first.end('SIGKILL'));
  await call(first.url, 'POST', '/manage/1/apps', { AppId: 'calc', Repository: '/nowhere' }, first.admin);
  const given = { name: 'CI', url: 'https://ci.example.com', eventTypes: ['teamserver.push'] };
  const { id } = (await webhookCalls(first)('POST', '', given)).body;
  await inDatabaseOf(folder, (database) =>
    database.transaction(async (queries) => {
      const message = { webhook_id: id, event_type: 'build.failed', payload: '{}', is_test: 0 } as const;
      const ended = { status: 'Delivered', attempts: 1, created_at: 5, due_at: 5, ended_at: 6 } as const;
      for (let at = 0; at < MESSAGES; at += 1) {
        await queries
          .insertInto('webhook_messages')
          .values({ ...message, ...ended, id: `msg_${at}` })
          .execute();
      }
    }),
  );
  const answered = webhookCalls(first)('DELETE', `/${id}`).catch(() => undefined);
  await until('the deletion has begun', () => hasFewer(folder));
  await first.end('SIGKILL');
  const answer = await answered;

  const second = await startServerProcess(folder);
  t.after(() => second.end('SIGKILL'));
  const calls = webhookCalls(second);
  const shown = await calls('GET', `/${id}`);
  if (answer !== undefined || shown.status === 404) return assert.equal(shown.status, 404);
  assert.deepEqual([shown.body.isActive, shown.body.note], [false, 'It is being deleted.']);
  assert.equal((await calls('DELETE', `/${id}`)).status, 204);
  assert.equal((await calls('GET', `/${id}`)).status, 404);
});

async function hasFewer(folder: string): Promise<boolean> {
  return inDatabaseOf(folder, async (database) => {
    const rows = await database.read.selectFrom('webhook_messages').select('id').execute();
    return rows.length < MESSAGES;
  });
}
