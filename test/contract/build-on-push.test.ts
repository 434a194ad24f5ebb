import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { ERROR_CODES } from '../../src/protocol/error-codes.ts';
import {
  bitbucketCloud,
  bitbucketCloudBody,
  bitbucketHeaders,
  FORGES,
  gitHook,
  github,
  githubHeaders,
  gitlab,
  gitlabSigned,
  hmacOf,
  NOWHERE,
} from '../support/forge-pushes.ts';
import { openPushWorld, type PushWorld } from '../support/push-world.ts';
import { embeddedOnly } from '../support/shape.ts';
import { until } from '../support/until.ts';

describe('a push starts a build', () => {
  const cleanups: (() => unknown)[] = [];
  let world: PushWorld;

  before(async () => {
    world = await openPushWorld({ after: (work) => void cleanups.push(work) });
    await world.rule('main');
    await world.rule('branches/release-*', { Version: '2.5.*', Description: 'A release' });
  });
  after(async () => {
    for (const cleanup of cleanups.toReversed()) await cleanup();
  });

  const head = () => world.repository.git(['rev-parse', 'main']);

  for (const [name, forge] of Object.entries(FORGES)) {
    test(`of ${name}`, async () => {
      const { secret } = world;
      const before = await head();
      const after = await world.commit();
      const sent = forge({ branch: 'main', before, after }, secret);
      const answer = await world.push(sent);
      assert.deepEqual(answer.Builds, [{ Branch: 'main', Revision: after, Rule: 'main' }]);
      assert.equal(answer.Accepted, true);
      const push = await world.settled();
      assert.equal(push.Status, 'Started', JSON.stringify(push));
      assert.deepEqual([push.Branch, push.Before, push.After, push.Rule], ['main', before, after, 'main']);
      const [newest] = await world.packages();
      assert.equal(newest.PackageId, push.PackageId);
      assert.equal(newest.Revision, after);
      assert.equal(newest.Creator, 'Richard Ford');
      assert.match(newest.Description, /^Pushed by (?:rford|Richard Ford): (?:Let it add|commit 1)$/);
      assert.ok(!JSON.stringify(answer).includes(secret));

      const again = await world.push(sent);
      assert.deepEqual([again.Accepted, again.Builds], [false, []]);
      assert.match(again.Message, /sent before/);
      assert.equal((await world.settled()).PushId, push.PushId);
    });
  }

  test('each gets the next version, and the last is what the branch is built as', async () => {
    const versions = (await world.packages()).map(({ Version }) => Version.replace(/\.[^.]*$/, ''));
    const count = Object.keys(FORGES).length;
    assert.deepEqual(
      versions,
      Array.from({ length: count }, (_, at) => `1.0.${count - 1 - at}`),
    );
    await until('every build has succeeded', async () =>
      (await world.packages()).every(({ Status }) => Status === 'Succeeded'),
    );
  });

  test('a rule with a pattern has its own versions and its own words', async () => {
    const after = await world.commit('release-2');
    const { Builds } = await world.push(gitHook({ branch: 'release-2', before: NOWHERE, after }, world.secret));
    assert.equal(Builds[0]?.Rule, 'branches/release-*');
    await world.settled();
    const [newest] = await world.packages();
    assert.equal(newest.Version, `2.5.0.${after.slice(0, 8)}`);
    assert.equal(newest.Branch, 'branches/release-2');
    assert.equal(newest.Description, 'A release');
  });

  test('a branch that no rule takes starts nothing, and is listed with the reason', async () => {
    const after = await world.commit('topic');
    const answer = await world.push(github({ branch: 'topic', before: NOWHERE, after }, world.secret));
    assert.deepEqual([answer.Accepted, answer.Builds], [false, []]);
    const { Status, Reason, PackageId } = await world.settled();
    assert.deepEqual([Status, Reason, PackageId], ['Ignored', 'No push rule takes this branch.', null]);
  });

  test('tags, deleted branches and other events are answered with what they are, and start nothing', async () => {
    const { secret } = world;
    const count = (await world.pushes()).length;
    const id = await head();
    const deleted = await world.push(gitlab({ branch: 'main', before: id, after: NOWHERE }, secret));
    assert.deepEqual(deleted, { Accepted: false, Message: 'The branch main was deleted.', Builds: [] });
    const cloud = await world.push(bitbucketCloud({ branch: 'main', before: id, after: NOWHERE }, secret));
    assert.equal(cloud.Message, 'The branch main was deleted.');
    const lines = `${NOWHERE} ${id} refs/tags/v1\n`;
    const tag = await world.push({ body: lines, headers: { 'x-slipway-token': secret } });
    assert.equal(tag.Message, 'refs/tags/v1 is not a branch.');
    const ping = '{"zen":"Keep it logically awesome."}';
    const pinged = await world.push({ body: ping, headers: githubHeaders(ping, secret, 'ping') });
    assert.equal(pinged.Message, "The event 'ping' starts no builds.");
    const merge = '{"object_kind":"merge_request"}';
    const headers = { 'x-gitlab-event': 'Merge Request Hook', 'x-gitlab-token': secret };
    assert.equal((await world.push({ body: merge, headers })).Accepted, false);
    assert.equal((await world.pushes()).length, count);
  });

  test('several branches of one push are seen to one by one', async () => {
    const [main, release] = [await world.commit(), await world.commit('release-3')];
    const other = await world.commit('other');
    const before = NOWHERE;
    const body = bitbucketCloudBody([
      { branch: 'main', before, after: main },
      { branch: 'release-3', before, after: release },
      { branch: 'other', before, after: other },
    ]);
    const answer = await world.push({ body, headers: bitbucketHeaders(body, world.secret, 'repo:push') });
    // Bitbucket does not say which branch is the main line: what depends on that is for the repository to say.
    assert.deepEqual(
      answer.Builds.map(({ Branch, Rule }) => [Branch, Rule]),
      [
        ['main', 'main'],
        ['release-3', null],
        ['other', null],
      ],
    );
    const [first, second, third] = [
      'main is going to be built.',
      'release-3 is going to be built.', // by one rule or by another
      'other is built if it is the main line.',
    ];
    assert.equal(answer.Message, `${first} ${second} ${third}`);
    await world.settled();
    const outcomes = (await world.pushes()).slice(0, 3).map(({ Branch, Status }) => [Branch, Status]);
    assert.deepEqual(outcomes, [
      ['other', 'Ignored'],
      ['release-3', 'Started'],
      ['main', 'Started'],
    ]);
  });

  test('a body that is delivered again under another name starts nothing again', async () => {
    const before = await head();
    const sent = github({ branch: 'main', before, after: await world.commit() }, world.secret);
    assert.equal((await world.push(sent)).Accepted, true);
    const again = { body: sent.body, headers: { ...sent.headers, 'x-github-delivery': randomUUID() } };
    assert.equal((await world.push(again)).Accepted, false);
    await world.settled();
  });

  test('a branch that goes back and forth is built each time, and what is sent twice in a row once', async () => {
    for (const [branch, forge] of Object.entries({
      'release-4': gitHook,
      'release-5': gitlab,
      'release-6': bitbucketCloud,
    })) {
      const [one, two] = [await world.commit(branch), await world.commit(branch)];
      const told = [
        [NOWHERE, two, true],
        [two, one, true],
        [one, two, true],
        [two, one, true],
        [two, one, false],
      ] as const;
      for (const [before, after, isNew] of told) {
        const { Accepted } = await world.push(forge({ branch, before, after }, world.secret));
        assert.equal(Accepted, isNew, branch);
      }
    }
    await world.settled();
    const outcomes = (await world.pushes()).slice(0, 12).map(({ Status }) => Status);
    assert.deepEqual(new Set(outcomes), new Set(['Started']));
  });

  test('two pushes at once get two versions', async () => {
    const ids = [await world.commit(), await world.commit(), await world.commit(), await world.commit()];
    const deliveries = ids.map((after) => github({ branch: 'main', before: NOWHERE, after }, world.secret));
    await Promise.all([...deliveries.map(world.push), world.startBuild({ Version: '1.0.5' })]);
    await world.settled();
    const fromPushes = (await world.pushes()).slice(0, ids.length).map(({ Version }) => Version ?? '');
    assert.equal(new Set(fromPushes.map((version) => version.replace(/\.[^.]*$/, ''))).size, ids.length);
  });

  test('garbage from whoever knows the secret is refused with what is wrong, and nothing is written', async () => {
    const count = (await world.pushes()).length;
    const id = await head();
    const bodies: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
      ['', {}],
      ['{', {}],
      ['null', {}],
      ['[]', { 'x-github-event': 'push' }],
      ['payload=%7B', { 'x-github-event': 'push' }],
      ['{"ref":"refs/heads/main"}', { 'x-github-event': 'push' }],
      [`{"ref":"refs/heads/","before":"${id}","after":"${id}"}`, { 'x-github-event': 'push' }],
      [`{"ref":"refs/heads/a\\u0000b","before":"${id}","after":"${id}"}`, { 'x-github-event': 'push' }],
      [`{"ref":"main","before":"${id}","after":"${id}"}`, {}],
      [`{"ref":["refs/heads/main"],"before":"${id}","after":"--upload-pack=x"}`, {}],
      ['{"push":{"changes":null}}', { 'x-event-key': 'repo:push' }],
      ['{"changes":[null]}', { 'x-event-key': 'repo:refs_changed' }],
      ['{"push":{"changes":[{"new":{"type":"branch"}}]}}', { 'x-event-key': 'repo:push' }],
      [`${id} ${id} refs/heads/main\nrm -rf /\n`, {}],
      ['r12\ntrunk/\n', {}],
      ['\u0000\u0001\u0002', {}],
    ];
    for (const [body, headers] of bodies) {
      const answer = await world.send({ body, headers: { ...headers, 'x-slipway-token': world.secret } });
      assert.deepEqual([answer.status, answer.body.errorCode], [400, 'INVALID_PARAMETERS'], body);
    }
    assert.equal((await world.pushes()).length, count);
  });
});

test('whatever is wrong with who sends a push, the answer is one and the same, and not for long', {
  skip: embeddedOnly('each server counts failed attempts for itself'),
}, async (t) => {
  const world = await openPushWorld(t);
  const { secret, server, revisions } = world;
  await world.rule('main');
  assert.equal(
    (await server.call('POST', '/manage/1/apps', { AppId: 'mute', Repository: world.repository.path })).status,
    200,
  );
  const push = { branch: 'main', before: revisions[0], after: revisions[1] };
  const wrong = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  const refused = { errorCode: 'INVALID_PUSH', errorMessage: ERROR_CODES.INVALID_PUSH.message };
  const good = github(push, secret);
  const old = gitlabSigned(push, secret);
  const bad: readonly (readonly [string, { headers: Readonly<Record<string, string>>; body: string }])[] = [
    ['calc', github(push, wrong)],
    ['calc', gitlab(push, wrong)],
    ['calc', gitlabSigned(push, wrong)],
    ['calc', { ...good, body: `${good.body} ` }],
    ['calc', { body: good.body, headers: {} }],
    ['calc', { body: '', headers: { 'x-hub-signature-256': `sha256=${hmacOf(secret, '')}` } }],
    ['calc', { body: good.body, headers: { 'x-hub-signature-256': 'sha256=' } }],
    [
      'calc',
      { ...old, headers: { ...old.headers, 'webhook-timestamp': String(Math.floor(Date.now() / 1000) - 3600) } },
    ],
    ['mute', good],
    ['nowhere', good],
    [randomUUID(), good],
    ['%F0%9F%92%A9', good],
  ];
  for (const [app, delivery] of bad) {
    const answer = await world.send(delivery, app);
    assert.deepEqual([answer.status, answer.body], [403, refused], app);
  }
  assert.deepEqual(await world.pushes(), []);
  for (let attempt = 0; attempt < 3; attempt++) await world.send(github(push, wrong));
  const tired = await world.send(good);
  assert.equal(tired.status, 429, 'ten failures from one address are enough for an app');
});

test('the secret is shown once, and the one before it is good for a day', async (t) => {
  const world = await openPushWorld(t);
  const { server, revisions, secret: first } = world;
  const path = '/manage/1/apps/calc/push-secret';
  const push = { branch: 'topic', before: revisions[0], after: revisions[1] };
  const taken = async (secret: string) => (await world.send(gitlab(push, secret))).status === 200;
  assert.match(first, /^whsec_[A-Za-z0-9+/]{43}=$/);
  const shown = (await server.call('GET', path)).body;
  assert.equal(shown.Url, `${server.url}/hooks/calc`);
  assert.equal(shown.FormerUntil, null);
  const given = 'a secret of my own'.replaceAll(' ', '-');
  const set = (await server.call('PUT', path, { Secret: given })).body;
  assert.deepEqual(set, { Url: `${server.url}/hooks/calc` });
  assert.ok(await taken(given));
  assert.ok(await taken(first));
  const until = (await server.call('GET', path)).body.FormerUntil;
  assert.ok(Math.abs(until - Date.now() - 24 * 60 * 60 * 1000) < 60_000);
  const { Secret: third } = (await server.call('PUT', path, {})).body;
  assert.deepEqual([await taken(third), await taken(given), await taken(first)], [true, true, false]);
  for (const Secret of ['short', 'x'.repeat(201), 'with blanks in its middle', 17]) {
    const refused = await server.call('PUT', path, { Secret });
    assert.equal(refused.body.errorCode, 'INVALID_PARAMETERS');
    assert.ok(!refused.body.errorMessage.includes(String(Secret)));
  }
  assert.ok(await taken(third));
  assert.equal((await server.call('DELETE', path)).status, 200);
  assert.ok(!(await taken(third)));
  assert.equal((await server.call('DELETE', path)).body.errorCode, 'SECRET_NOT_FOUND');
  const audit = JSON.stringify((await server.call('GET', '/manage/1/audit')).body);
  for (const one of [first, given, third]) assert.ok(!audit.includes(one));
});

test('a huge body is refused, and what is large is read a few at a time', {
  skip: embeddedOnly('each server has room for what is large'),
}, async (t) => {
  const world = await openPushWorld(t);
  await world.rule('main');
  const { revisions, secret } = world;
  const message = 'x'.repeat(3 * 1024 * 1024);
  const large = github({ branch: 'main', before: revisions[0], after: revisions[1], message }, secret);
  assert.equal((await world.push(large)).Accepted, true);
  assert.equal((await world.settled()).Status, 'Started');
  const huge = github({ branch: 'main', before: revisions[0], after: revisions[1], message: 'x'.repeat(11e6) }, secret);
  const answer = await world.send(huge).catch(() => undefined);
  if (answer !== undefined) assert.deepEqual([answer.status, answer.body.errorCode], [413, 'PAYLOAD_TOO_LARGE']);
  assert.equal((await world.pushes()).length, 1);
  const held = Array.from({ length: 4 }, () => {
    const aborter = new AbortController();
    const body = new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(10)) });
    const sent = fetch(`${world.server.url}/hooks/calc`, {
      method: 'POST',
      body,
      duplex: 'half',
      signal: aborter.signal,
    });
    return { aborter, ended: sent.catch(() => undefined) };
  });
  await until('no more are let in', async () => (await world.send(large)).status === 429);
  assert.equal(
    (await world.send(gitlab({ branch: 'topic', before: NOWHERE, after: revisions[1] }, secret))).status,
    200,
  );
  for (const { aborter } of held) aborter.abort();
  await Promise.all(held.map(({ ended }) => ended));
  await until('they are let in again', async () => (await world.send(large)).status === 200);
});
