import assert from 'node:assert/strict';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { insertWebhook } from '../../src/database/webhooks.ts';
import type { WirePush } from '../../src/protocol/pushes.ts';
import { createUser } from '../support/build-api-world.ts';
import { bitbucketCloud, gitHook, github, gitlab, NOWHERE } from '../support/forge-pushes.ts';
import { openPushWorld } from '../support/push-world.ts';
import { openDatabaseOf } from '../support/stores.ts';
import { makeSvnRepository } from '../support/svn.ts';
import { until } from '../support/until.ts';

const RULES = '/manage/1/apps/calc/push-rules';

test('rules keep their order, can be put before others, and have one spelling', async (t) => {
  const { call, rule } = await openPushWorld(t);
  const branches = async () => (await call('GET', RULES)).body.map(({ Branch }: { Branch: string }) => Branch);
  await rule('trunk', { Version: ' next-minor ' });
  await rule('*');
  await rule('release-*', { Before: '*', LatestOnly: true, Description: 'A release' });
  assert.deepEqual(await branches(), ['main', 'branches/release-*', 'branches/*']);
  await rule('Main line', { Version: '2.5.*' });
  assert.deepEqual(await branches(), ['main', 'branches/release-*', 'branches/*']);
  await rule('*', { Before: 'main' });
  assert.deepEqual(await branches(), ['branches/*', 'main', 'branches/release-*']);
  const [, main, release] = (await call('GET', RULES)).body;
  assert.equal(main.Version, '2.5.*');
  assert.deepEqual([release.LatestOnly, release.Owner], [true, 'richard.ford51@example.com']);
  const wrong = [
    ['main', { Version: '2' }, 'INVALID_PARAMETERS'],
    ['main', { Before: 'nothing' }, 'PUSH_RULE_NOT_FOUND'],
    ['main', { Before: 'main' }, 'INVALID_PARAMETERS'],
    ['main', { LatestOnly: 'yes' }, 'INVALID_PARAMETERS'],
    ['x'.repeat(201), {}, 'INVALID_PARAMETERS'],
  ] as const;
  for (const [branch, fields, code] of wrong) {
    assert.equal((await call('PUT', `${RULES}/${branch}`, fields)).body.errorCode, code);
  }
  assert.equal((await call('DELETE', `${RULES}/branches%2F*`)).status, 200);
  assert.equal((await call('DELETE', `${RULES}/branches%2F*`)).body.errorCode, 'PUSH_RULE_NOT_FOUND');
  assert.deepEqual(await branches(), ['main', 'branches/release-*']);
});

test('the first rule that takes a branch is the one', async (t) => {
  const world = await openPushWorld(t);
  await world.rule('release-2', { Version: '2.0.0' });
  await world.rule('*', { Version: 'next-minor' });
  for (const branch of ['release-2', 'main', 'anything/else']) {
    const after = await world.commit(branch);
    await world.push(github({ branch, before: NOWHERE, after }, world.secret));
  }
  await world.settled();
  const built = (await world.pushes()).map(({ Branch, Rule, Version }) => [Branch, Rule, Version?.slice(0, 5)]);
  assert.deepEqual(built, [
    ['anything/else', 'branches/*', '1.0.0'],
    ['main', 'branches/*', '1.0.0'],
    ['release-2', 'branches/release-2', '2.0.0'],
  ]);
});

test('the repository says which branch is the main line where nobody else does', async (t) => {
  const world = await openPushWorld(t);
  await world.rule('main');
  await world.repository.git(['branch', '-m', 'main', 'develop']);
  await world.repository.git(['symbolic-ref', 'HEAD', 'refs/heads/develop']);
  for (const branch of ['develop', 'feature']) {
    const after = await world.commit(branch);
    const { Builds } = await world.push(bitbucketCloud({ branch, before: NOWHERE, after }, world.secret));
    assert.deepEqual(Builds, [{ Branch: branch, Revision: after, Rule: null }]);
  }
  await world.settled();
  const outcomes = (await world.pushes()).map(({ Branch, Status, Rule }) => [Branch, Status, Rule]);
  assert.deepEqual(outcomes, [
    ['feature', 'Ignored', null],
    ['develop', 'Started', 'main'],
  ]);
  await world.server.call('PATCH', '/manage/1/apps/calc', { MainBranch: 'feature' });
  // What the app says counts for more than what the forge says.
  const after = await world.commit('feature');
  const { Builds } = await world.push(gitlab({ branch: 'feature', before: NOWHERE, after }, world.secret));
  assert.equal(Builds[0]?.Rule, 'main');
  assert.equal((await world.settled()).Status, 'Started');
});

test('the next version goes on from what was built by hand, failed builds too', async (t) => {
  const world = await openPushWorld(t, { buildSlots: 0 });
  await world.rule('main');
  await world.rule('feature', { Version: 'next-major' });
  const PackageId = await world.startBuild({ Version: '7.1.41' });
  await world.call('POST', `/api/1/apps/calc/packages/${PackageId}/cancel`);
  await world.push(github({ branch: 'main', before: NOWHERE, after: await world.commit() }, world.secret));
  assert.match((await world.settled()).Version ?? '', /^7\.1\.42\./);
  await world.push(github({ branch: 'feature', before: NOWHERE, after: await world.commit('feature') }, world.secret));
  assert.match((await world.settled()).Version ?? '', /^1\.0\.0\./);
});

test('with the latest only, a newer push ends builds of its rule and branch that have not begun, and no others', async (t) => {
  const world = await openPushWorld(t, { buildSlots: 0 });
  await world.rule('main', { LatestOnly: true });
  await world.rule('*', {});
  const byHand = await world.startBuild({ Version: '0.9.0' });
  const started: Record<string, string[]> = { main: [], feature: [] };
  for (const branch of ['main', 'feature', 'main', 'feature', 'main']) {
    await world.push(github({ branch, before: NOWHERE, after: await world.commit(branch) }, world.secret));
    started[branch]?.push((await world.settled()).PackageId ?? '');
  }
  const byId = new Map((await world.packages()).map((one) => [one.PackageId, one]));
  const statuses = (ids: readonly string[] = []) => ids.map((id) => byId.get(id)?.Status);
  assert.deepEqual(statuses(started.main), ['Failed', 'Failed', 'Queued']);
  assert.deepEqual(statuses(started.feature), ['Queued', 'Queued']);
  assert.deepEqual(statuses([byHand]), ['Queued']);
  const [overtaken = ''] = started.main ?? [];
  assert.equal(byId.get(overtaken).StatusReason, 'A newer push to the branch came before this build began.');
  const listed = (await world.pushes()).map(({ Status, PackageStatus }) => `${Status} ${PackageStatus}`);
  assert.deepEqual(listed.filter((one) => one === 'Started Failed').length, 2);
});

test('a push that waits is overtaken by a newer one where the rule wants the latest only', async (t) => {
  const world = await openPushWorld(t);
  const { repository } = world;
  await world.rule('main', { LatestOnly: true });
  await world.rule('release-*', {});
  const away = `${repository.path}.away`;
  const send = async (branch: string) =>
    world.push(github({ branch, before: NOWHERE, after: await world.commit(branch) }, world.secret));
  const ids = [await world.commit('main'), await world.commit('release-1'), await world.commit('main')];
  await rename(repository.path, away);
  for (const [at, branch] of ['main', 'release-1', 'main'].entries()) {
    const after = ids[at] ?? '';
    assert.ok((await world.push(github({ branch, before: NOWHERE, after }, world.secret))).Accepted);
  }
  await until('the oldest is overtaken', async () => (await world.pushes()).at(-1)?.Status === 'Overtaken');
  await until('what waits says why', async () =>
    (await world.pushes()).some(({ Reason, Status }) => Status === 'Waiting' && Reason !== null),
  );
  await rename(away, repository.path);
  await send('release-1');
  await world.settled();
  assert.deepEqual(
    (await world.pushes()).map(({ Branch, Status }) => `${Branch} ${Status}`),
    ['release-1 Started', 'main Started', 'release-1 Started', 'main Overtaken'],
  );
});

test('a repository that is away holds up nobody else, and is asked again', async (t) => {
  const world = await openPushWorld(t);
  const { server, repository } = world;
  await world.rule('main');
  const after = await world.commit();
  await server.call('POST', '/manage/1/apps', { AppId: 'other', Repository: join(server.dataFolder, 'calc.git') });
  const { Secret } = (await server.call('PUT', '/manage/1/apps/other/push-secret', {})).body;
  await server.call('PUT', '/manage/1/apps/other/push-rules/main', {});
  await server.call('PATCH', '/manage/1/apps/calc', { Repository: `${repository.path}.moved` });
  await world.push(github({ branch: 'main', before: NOWHERE, after }, world.secret));
  await until('it was asked in vain', async () => ((await world.pushes())[0]?.Attempts ?? 0) > 0);
  assert.equal((await world.send(github({ branch: 'main', before: NOWHERE, after }, Secret), 'other')).status, 200);
  await until('the other one is built', async () => {
    const [push] = (await server.call('GET', '/manage/1/apps/other/pushes')).body;
    return push.PackageStatus === 'Succeeded';
  });
  const [waiting] = await world.pushes();
  assert.equal(waiting?.Status, 'Waiting');
  assert.match(waiting?.Reason ?? '', /moved/);
  await rename(repository.path, `${repository.path}.moved`);
  assert.equal((await world.settled()).Status, 'Started');
});

test('a revision that never comes fails after some attempts, with the reason', async (t) => {
  const world = await openPushWorld(t);
  await world.rule('main');
  await world.push(
    github({ branch: 'main', before: NOWHERE, after: 'c0ffee'.repeat(6).padEnd(40, '0') }, world.secret),
  );
  const { Status, Reason, Attempts } = await until(
    'it is given up',
    async () => {
      const [push] = await world.pushes();
      return push?.Status === 'Failed' && push;
    },
    60_000,
  );
  assert.equal(Status, 'Failed');
  assert.match(Reason ?? '', /c0ffee/);
  assert.equal(Attempts, 4);
});

test('pushes to other branches do not shorten the time that a revision has to show itself', async (t) => {
  const world = await openPushWorld(t);
  await world.rule('main');
  const after = 'c0ffee'.repeat(6).padEnd(40, '0');
  await world.push(github({ branch: 'main', before: NOWHERE, after }, world.secret));
  const push = await until(
    'it is given up',
    async () => {
      await world.push(github({ branch: 'topic', before: NOWHERE, after: NOWHERE.replace('0', '1') }, world.secret));
      const pushes: readonly WirePush[] = (await world.server.call('GET', '/manage/1/apps/calc/pushes?limit=1000'))
        .body;
      return pushes.find((one) => one.After === after && one.Status === 'Failed');
    },
    60_000,
  );
  // 15 s by the clock of the database, which each server knows to within the time that it takes to ask.
  assert.ok(Date.now() - push.Date >= 14_000, `${Date.now() - push.Date} ms`);
});

test('whoever set a rule has to be allowed to build when the push comes', async (t) => {
  const world = await openPushWorld(t);
  const { server } = world;
  const jane = await createUser(server, 'jane', 'Jane');
  await server.call('PUT', '/manage/1/apps/calc/permissions/jane', { Rights: ['api', 'transport'] });
  assert.equal((await server.call('PUT', `${RULES}/main`, {}, jane)).status, 200);
  const outcome = async () => {
    await world.push(github({ branch: 'main', before: NOWHERE, after: await world.commit() }, world.secret));
    const { Status, Reason, Rule } = await world.settled();
    return [Status, Reason, Rule];
  };
  assert.deepEqual(await outcome(), ['Started', null, 'main']);
  assert.equal((await world.packages())[0].Creator, 'Jane');
  await server.call('PUT', '/manage/1/apps/calc/permissions/jane', { Rights: ['api'] });
  const lacks = 'The user jane, who set the rule, has no longer API Rights and Transport Rights on the app.';
  assert.deepEqual(await outcome(), ['Refused', lacks, 'main']);
  await server.call('PUT', '/manage/1/apps/calc/permissions/jane', { Rights: ['api', 'transport'] });
  await server.call('POST', '/manage/1/users/jane/disable');
  assert.deepEqual(await outcome(), ['Refused', 'The user jane, who set the rule, is disabled.', 'main']);
  assert.equal((await world.call('PUT', `${RULES}/main`, {})).status, 200);
  assert.deepEqual(await outcome(), ['Started', null, 'main']);
});

test('webhooks are told of a push, built or not, and of one that is sent again only once', async (t) => {
  const world = await openPushWorld(t);
  const { server } = world;
  const database = await openDatabaseOf(t, server.dataFolder);
  const app = await database.read.selectFrom('apps').select('id').executeTakeFirstOrThrow();
  await database.transaction((queries) =>
    insertWebhook(queries, {
      id: 'mxep_1',
      app_id: app.id,
      name: 'all',
      url: 'https://example.com',
      event_types: '["teamserver.push"]',
      is_active: 1,
      secrets: '',
      created_at: 1,
    }),
  );
  const after = await world.commit('topic');
  const sent = github({ branch: 'topic', before: NOWHERE, after, message: 'Let it add' }, world.secret);
  await world.push(sent);
  await world.push(sent);
  await world.push(gitHook({ branch: 'topic', before: after, after: NOWHERE }, world.secret));
  const messages = await database.read.selectFrom('webhook_messages').select(['event_type', 'payload']).execute();
  assert.equal(messages.length, 1);
  const { time, commits, ...others } = JSON.parse(messages[0]?.payload ?? '');
  assert.deepEqual(others, {
    eventType: 'teamserver.push',
    appId: 'calc',
    projectId: world.projectId,
    repositoryType: 'git',
    branchName: 'topic',
    before: NOWHERE,
    after,
  });
  assert.ok(Math.abs(Date.parse(time) - Date.now()) < 60_000);
  assert.deepEqual(commits.at(-1), {
    id: after,
    message: 'Let it add',
    authorName: 'Richard Ford',
    authorEmail: 'richard.ford@example.com',
    authorDate: '2026-11-24T14:05:09+01:00',
    mendixVersion: null,
    relatedStories: [],
  });
});

test('an app is deleted with its secret, its rules and its pushes', async (t) => {
  const world = await openPushWorld(t);
  const { server } = world;
  await world.rule('main');
  await world.push(github({ branch: 'topic', before: NOWHERE, after: await world.commit('topic') }, world.secret));
  assert.equal((await server.call('DELETE', '/manage/1/apps/calc')).status, 200);
  const sent = github({ branch: 'main', before: NOWHERE, after: world.revisions[1] }, world.secret);
  assert.equal((await world.send(sent)).status, 403);
  const database = await openDatabaseOf(t, server.dataFolder);
  await until('nothing is left of it', async () => {
    const apps = await database.read.selectFrom('apps').select('id').execute();
    return apps.length === 0;
  });
  for (const table of ['pushes', 'push_rules', 'push_secrets'] as const) {
    assert.deepEqual(await database.read.selectFrom(table).select('app_id').execute(), [], table);
  }
});

test('a revision of another repository of Subversion is none that was sent before', async (t) => {
  const world = await openPushWorld(t);
  const { server } = world;
  const path = '/manage/1/apps/legacy';
  const repositories = await Promise.all(
    ['former', 'next'].map((name) => makeSvnRepository(join(server.dataFolder, name))),
  );
  const [former, next] = repositories;
  await server.call('POST', '/manage/1/apps', { AppId: 'legacy', Repository: former?.path });
  const { Secret } = (await server.call('PUT', `${path}/push-secret`, {})).body;
  await server.call('PUT', `${path}/push-rules/trunk`, {});
  const send = async () => {
    const sent = { body: 'r1\nA   trunk/model.txt\n', headers: { 'x-slipway-token': Secret } };
    return (await world.send(sent, 'legacy')).body.Accepted;
  };
  for (const repository of repositories) await repository.commit('trunk', { 'model.txt': 'one' });
  assert.deepEqual([await send(), await send()], [true, false]);
  await server.call('PATCH', path, { Repository: next?.path });
  assert.deepEqual([await send(), await send()], [true, false]);
  await until('both are built', async () => {
    const pushes = (await server.call('GET', `${path}/pushes`)).body;
    return pushes.every(({ PackageStatus }: { PackageStatus: string }) => PackageStatus === 'Succeeded');
  });
});

test('a push that came to nothing is built when it is sent again, once', async (t) => {
  const world = await openPushWorld(t);
  const sent = github({ branch: 'main', before: NOWHERE, after: await world.commit() }, world.secret);
  assert.equal((await world.push(sent)).Accepted, false);
  assert.equal((await world.settled()).Status, 'Ignored');
  assert.match((await world.push(sent)).Message, /sent before/);
  await world.rule('main');
  assert.equal((await world.push(sent)).Accepted, true);
  assert.equal((await world.settled()).Status, 'Started');
  assert.match((await world.push(sent)).Message, /sent before/);
  await world.settled();
  assert.equal((await world.packages()).length, 1);
  assert.equal((await world.pushes()).length, 1);
});
