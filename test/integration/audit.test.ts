import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeTestRepository } from '../support/git.ts';
import { type Answer, type Credentials, startTestServer } from '../support/server.ts';

interface Entry {
  readonly Date: number;
  readonly Login: string;
  readonly Action: string;
  readonly Subject: string;
  readonly Detail: string;
}

test('the audit says who did what, in its order, once each, and nothing of what was refused', async (context) => {
  const startedAt = Date.now();
  const server = await startTestServer(context, { buildSlots: 0 });
  const source = await makeTestRepository(join(server.dataFolder, 'calc.git'));
  await source.commit([{ branch: 'master' }]);
  const send =
    (who: Credentials) =>
    async (method: string, path: string, body?: unknown, status = 200) => {
      const answer = await server.call(method, path, body, who);
      assert.equal(answer.status, status, JSON.stringify(answer.body));
      return answer.body as Answer['body'];
    };
  const admin = send(server.admin);
  const packages = '/api/1/apps/calc/packages';
  const build = { Revision: '1', Version: '2.5.4' };

  await admin('POST', '/manage/1/users', { Login: 'Ann', Name: 'Ann', Admin: true });
  const annsKey = await admin('POST', '/manage/1/users/ann/keys', {});
  const ann = send({ username: 'ann', apiKey: annsKey.Key });
  await ann('POST', '/manage/1/apps', { AppId: 'calc', Name: 'Calculation App', Repository: source.path });
  await ann('POST', '/manage/1/users', { Login: 'richard', Name: 'Richard Ford' });
  const key = await ann('POST', '/manage/1/users/richard/keys', {});
  const richard = send({ username: 'richard', apiKey: key.Key });
  await richard('POST', packages, build, 404);
  await ann('PUT', '/manage/1/apps/calc/api-rights/richard');
  const { PackageId: id } = await richard('POST', packages, build);
  await richard('POST', packages, { ...build, Revision: 'nonsense' }, 400);
  await richard('DELETE', `${packages}/${id}`, undefined, 409);
  await richard('POST', `${packages}/${id}/cancel`, {});
  await richard('POST', `${packages}/${id}/cancel`, {}, 409);
  await richard('POST', '/manage/1/users', { Login: 'friend' }, 403);
  const own = await richard('POST', '/manage/1/users/richard/keys', { Name: 'laptop' });
  await richard('DELETE', `/manage/1/users/richard/keys/${own.KeyId}`);
  await richard('DELETE', `${packages}/${id}`);
  await ann('DELETE', '/manage/1/apps/calc/api-rights/richard');
  await ann('POST', '/manage/1/users/richard/disable');
  await ann('POST', '/manage/1/apps', { AppId: 'calc', Repository: source.path }, 409);
  await ann('DELETE', '/manage/1/apps/calc');

  const entries: Entry[] = (await admin('GET', '/manage/1/audit?limit=100')).toReversed();
  assert.deepEqual(
    entries.map(({ Login, Action, Subject, Detail }) => [Login, Action, Subject, Detail.split(', ')[0]]),
    [
      ['admin', 'user.create', 'admin', 'first start'],
      ['admin', 'user.create', 'ann', 'admin'],
      ['admin', 'key.create', 'ann', annsKey.KeyId],
      ['ann', 'app.create', 'calc', 'Calculation App'],
      ['ann', 'user.create', 'richard', ''],
      ['ann', 'key.create', 'richard', key.KeyId],
      ['ann', 'rights.grant', 'calc', 'richard'],
      ['richard', 'build.start', 'calc', `${id} 2.5.4.1`],
      ['richard', 'build.cancel', 'calc', `${id} 2.5.4.1`],
      ['richard', 'key.create', 'richard', own.KeyId],
      ['richard', 'key.revoke', 'richard', own.KeyId],
      ['richard', 'package.delete', 'calc', `${id} 2.5.4.1`],
      ['ann', 'rights.revoke', 'calc', 'richard'],
      ['ann', 'user.disable', 'richard', ''],
      ['ann', 'app.delete', 'calc', 'Calculation App'],
    ],
  );
  // By the clock of the database, which each server knows to within the time that it takes to ask.
  assert.ok(entries.every(({ Date: at }) => at > startedAt - 60_000 && at < Date.now() + 60_000));
  for (const secret of [annsKey.Key, key.Key, own.Key]) assert.ok(!JSON.stringify(entries).includes(secret));
});
