import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, test } from 'node:test';
import { openBuildApiWorld } from '../support/build-api-world.ts';
import { environmentCalls } from '../support/environments.ts';

/*
 * The calls that keep packages and that let them go, and what a package says of it.
 */

const DAY_MS = 86_400_000;
const PACKAGES = '/api/1/apps/calc/packages';
const APP = '/manage/1/apps/calc';

const world = await openBuildApiWorld({ after });
const { server } = world;
const setRetention = async (Retention: unknown) => {
  const { status, body } = await server.call('PATCH', APP, { Retention });
  assert.equal(status, 200, JSON.stringify(body));
  assert.deepEqual(body.Retention, Retention);
};
const show = async (id: string) => (await world.call('GET', `${PACKAGES}/${id}`)).body;
const list = async () => (await world.call('GET', PACKAGES)).body;
const prune = async (body?: object) => await server.call('POST', `${APP}/prune`, body);
const codeOf = ({ status, body }: Awaited<ReturnType<typeof prune>>) => [status, body.errorCode];

test('a package says when it may go: in one call, in the list, in its events, and in its environment', async () => {
  const { PackageId, CreationDate, ...fresh } = await world.build();
  const fields = Object.keys(fresh);
  assert.deepEqual(fields.slice(-2), ['Pinned', 'ExpiryDate'], 'the last of the additions');
  assert.deepEqual([fresh.Pinned, fresh.ExpiryDate], [false, null]);
  await setRetention({ Preset: 'hosted' });
  const expiryDate = CreationDate + 15 * DAY_MS;
  assert.equal((await show(PackageId)).ExpiryDate, expiryDate);
  const listed = (await list()).find((one: { PackageId: string }) => one.PackageId === PackageId);
  assert.deepEqual(listed, await show(PackageId));
  const events = await fetch(`${server.url}${PACKAGES}/${PackageId}/events`, {
    headers: { 'Mendix-Username': world.richard.username, 'Mendix-ApiKey': world.richard.apiKey },
  });
  assert.match(await events.text(), new RegExp(`^data: .*"ExpiryDate":${expiryDate}[,}]`, 'm'));

  await server.call('POST', `${APP}/environments`, { Mode: 'Test' });
  const { path, transport } = environmentCalls(world.call, 'Test');
  await transport(PackageId);
  assert.equal((await show(PackageId)).ExpiryDate, null);
  assert.equal((await world.call('GET', `${path}/package`)).body.ExpiryDate, null);
  await transport((await world.build()).PackageId);
  assert.equal((await show(PackageId)).ExpiryDate, null, 'it was held last');
  await setRetention(null);
});

test('a build that has not ended does not expire', async (t) => {
  const idle = await openBuildApiWorld(t, { buildSlots: 0 });
  const id = await idle.startBuild();
  await idle.server.call('PATCH', APP, { Retention: { Preset: 'hosted' } });
  assert.equal((await idle.call('GET', `${PACKAGES}/${id}`)).body.ExpiryDate, null);
});

test('a pinned package stays, by hand and by any retention, until it is unpinned; each may be done twice', async () => {
  const { PackageId } = await world.build();
  await world.build();
  const path = `${PACKAGES}/${PackageId}`;
  for (let at = 0; at < 2; at += 1) assert.deepEqual((await world.call('PUT', `${path}/pin`)).body, {});
  assert.equal((await show(PackageId)).Pinned, true);
  const refused = await world.call('DELETE', path);
  assert.deepEqual(codeOf(refused), [409, 'PACKAGE_IN_USE']);
  assert.match(refused.body.errorMessage, /it is pinned.*slipway package unpin calc/);
  assert.ok((await prune({ KeepNewest: 1 })).body.Kept.Pinned === 1);
  for (let at = 0; at < 2; at += 1) assert.deepEqual((await world.call('DELETE', `${path}/pin`)).body, {});
  assert.equal((await show(PackageId)).Pinned, false);
  const audit = (await server.call('GET', '/manage/1/audit?limit=20')).body;
  const told = audit.filter(({ Detail }: { Detail: string }) => Detail.startsWith(PackageId));
  assert.deepEqual(
    told.map(({ Action }: { Action: string }) => Action),
    ['package.unpin', 'package.pin', 'build.start'],
  );
  assert.equal((await world.call('DELETE', path)).status, 200);
  for (const method of ['PUT', 'DELETE']) {
    for (const id of [randomUUID(), 'null']) {
      assert.deepEqual(codeOf(await world.call(method, `${PACKAGES}/${id}/pin`)), [404, 'PACKAGE_NOT_FOUND']);
    }
  }
});

test('pruning says what would go and what keeps the others, and then does just that', async () => {
  const { PackageId, Name, Version, CreationDate, Size } = await world.build({ Version: '7.0.0' });
  await world.build({ Version: '7.0.1' });
  const before = await list();
  const dry = await prune({ KeepNewest: 1, DryRun: true });
  assert.equal(dry.status, 200);
  const { Packages, Count, Bytes, Kept, ...rest } = dry.body;
  assert.deepEqual(rest, { DryRun: true, Retention: { KeepNewest: 1 }, Cursor: null });
  const gone = { PackageId, Name, Version, Status: 'Succeeded', CreationDate, Size };
  assert.deepEqual(Packages.at(-1), gone);
  assert.equal(Packages.length, Count);
  assert.equal(
    Bytes,
    Packages.reduce((sum: number, one: { Size: number }) => sum + one.Size, 0),
  );
  assert.equal(Kept.Newest, 1);
  assert.deepEqual(await list(), before);
  const { body } = await prune({ KeepNewest: 1 });
  assert.deepEqual(body, { ...dry.body, DryRun: false });
  assert.equal((await list()).length, before.length - Count);
  assert.equal((await prune({ KeepNewest: 1 })).body.Count, 0);
});

test('by the retention of the app where none is given, and not at all where it has none', async () => {
  assert.deepEqual(codeOf(await prune()), [400, 'INVALID_PARAMETERS']);
  await setRetention({ KeepNewest: 1, KeepDays: 3 });
  const { body } = await prune({ DryRun: true });
  assert.deepEqual(body.Retention, { KeepNewest: 1, KeepDays: 3 });
  await setRetention(null);
});

test('what is no retention is refused, and what is misspelled deletes nothing', async () => {
  for (const [Retention, message] of [
    [{}, /Retention is empty/],
    [{ KeepNewest: 0 }, /Retention is '\{"KeepNewest":0\}'/],
    [{ KeepDays: 1.5 }, /Retention is /],
    [{ Preset: 'other' }, /Retention is /],
    [{ KeepNewst: 3, KeepDays: 3 }, /has no 'KeepNewst'/],
    ['hosted', /Retention is 'hosted'/],
  ] as const) {
    const { status, body } = await server.call('PATCH', APP, { Retention });
    assert.deepEqual([status, body.errorCode], [400, 'INVALID_PARAMETERS']);
    assert.match(body.errorMessage, message);
  }
  assert.equal((await server.call('GET', APP)).body.Retention, null);
  await world.build();
  const before = (await list()).length;
  for (const body of [
    { KeepNewest: 1, DryRunn: true },
    { KeepNewest: 1, DryRun: 'yes' },
    { KeepNewest: 1, Preset: 'hosted' },
    { KeepNewest: 1, Cursor: 'x' },
    { KeepNewest: 1001 },
    [],
  ]) {
    assert.deepEqual(codeOf(await prune(body)), [400, 'INVALID_PARAMETERS'], JSON.stringify(body));
  }
  assert.equal((await list()).length, before);
});

test('to prune takes an admin, and an app that is there', async () => {
  const asRichard = await world.call('POST', `${APP}/prune`, { KeepNewest: 1 });
  assert.deepEqual(codeOf(asRichard), [403, 'NO_ACCESS']);
  assert.deepEqual(codeOf(await server.call('POST', '/manage/1/apps/nowhere/prune')), [404, 'APP_NOT_FOUND']);
});
