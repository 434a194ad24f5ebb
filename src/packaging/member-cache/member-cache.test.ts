import assert from 'node:assert/strict';
import { appendFile, open, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { crc32 } from 'node:zlib';
import { noise } from '../../../test/support/made-content.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import type { PackedMember } from '../member.ts';
import type { CacheSession } from './cache-session.ts';
import { MemberCache, type MemberCacheOptions } from './member-cache.ts';

const MEMBER_BYTES = 5_000;
/** A segment of so many members is worth a file. */
const MEMBERS = 60;

test('what was kept comes out as it went in, in another process too', async (t) => {
  const { cache, reopen } = await openCache(t);
  await keep(cache, 'app', ids('a'));
  for (const one of [cache, await reopen()]) assert.deepEqual(await findAll(one, 'app', ids('a')), ids('a'));
});

test('one app does not see what another has kept', async (t) => {
  const { cache } = await openCache(t);
  await keep(cache, 'app', ids('a'));
  assert.deepEqual(await findAll(cache, 'other', ids('a')), []);
});

test('too little for a file is not kept until more has come together', async (t) => {
  const { cache } = await openCache(t);
  await keep(cache, 'app', ids('a').slice(0, 5));
  assert.equal(cache.sizeBytes, 0);
  await keep(cache, 'app', ids('a'));
  assert.equal((await findAll(cache, 'app', ids('a'))).length, MEMBERS);
});

test('damage to any byte is noticed, and costs no more than the members it is in', async (t) => {
  const { cache, reopen, segments } = await openCache(t);
  await keep(cache, 'app', ids('a'));
  const [path = ''] = await segments();
  const whole = await readFile(path);
  const recordsStart = MEMBERS * MEMBER_BYTES;
  const places = [
    ...Array(40)
      .keys()
      .map((at) => at * 7_499),
    recordsStart - 1,
    recordsStart,
  ];
  places.push(
    ...Array(60)
      .keys()
      .map((at) => recordsStart + at * 97),
    ...Array(32)
      .keys()
      .map((at) => whole.length - 1 - at),
  );
  for (const place of places) {
    const damaged = Buffer.from(whole);
    damaged[place] = (damaged[place] ?? 0) ^ 0x10;
    await writeFile(path, damaged);
    const found = await findAll(await reopen(), 'app', ids('a'));
    assert.equal(found.length, place < recordsStart ? MEMBERS - 1 : 0, `byte ${place}`);
  }
});

test('damage while the app is in memory is noticed too, and kept anew', async (t) => {
  const { cache, segments } = await openCache(t);
  await keep(cache, 'app', ids('a'));
  const [path = ''] = await segments();
  const file = await open(path, 'r+');
  await file.write(Buffer.alloc(100_000), 0, 100_000, 50_000);
  await file.close();
  const found = await findAll(cache, 'app', ids('a'));
  assert.equal(found.length, MEMBERS - 20);
  assert.deepEqual(await findAll(cache, 'app', ids('a')), found, 'the damaged ones are forgotten');
  await keep(cache, 'app', ids('a'));
  assert.equal((await findAll(cache, 'app', ids('a'))).length, MEMBERS);
});

test('a segment that is cut, grown, empty or foreign is deleted', async (t) => {
  const { cache, reopen, segments } = await openCache(t);
  await keep(cache, 'app', ids('a'));
  const [path = ''] = await segments();
  const whole = await readFile(path);
  const ruin = [
    ...[0, 1, 31, 32, 33, 5_000, whole.length - 1].map((size) => () => truncate(path, size)),
    () => appendFile(path, 'x'),
    () => writeFile(path, noise(whole.length, 'foreign')),
    () => writeFile(path, Buffer.alloc(whole.length)),
  ];
  for (const spoil of ruin) {
    await writeFile(path, whole);
    await spoil();
    const again = await reopen();
    assert.deepEqual(await findAll(again, 'app', ids('a')), []);
    assert.equal(again.sizeBytes, 0);
    assert.deepEqual(await segments(), []);
  }
});

test('members that stand in another place than their records say are not found', async (t) => {
  const { cache, reopen, segments } = await openCache(t);
  await keep(cache, 'app', ids('a'));
  const [path = ''] = await segments();
  const bytes = await readFile(path);
  const [first, second] = [bytes.subarray(0, MEMBER_BYTES), bytes.subarray(MEMBER_BYTES, 2 * MEMBER_BYTES)];
  await writeFile(path, Buffer.concat([second, first, bytes.subarray(2 * MEMBER_BYTES)]));
  assert.equal((await findAll(await reopen(), 'app', ids('a'))).length, MEMBERS - 2);
});

test('what is on disk never exceeds the limit, and the least recently used goes first', async (t) => {
  const { cache, reopen } = await openCache(t, { limitBytes: 1_000_000 });
  for (const app of ['one', 'two', 'three']) await keep(cache, app, ids('a'));
  await findAll(cache, 'one', ids('a'));
  await keep(cache, 'four', ids('a'));
  assert.ok(cache.sizeBytes <= 1_000_000);
  assert.deepEqual(await findAll(cache, 'two', ids('a')), []);
  assert.equal((await findAll(cache, 'one', ids('a'))).length, MEMBERS);
  const smaller = await reopen({ limitBytes: 700_000 });
  assert.ok(smaller.sizeBytes <= 700_000 && smaller.sizeBytes > 0);
  assert.equal((await findAll(smaller, 'one', ids('a'))).length, MEMBERS, 'used last before the restart');
  const none = await reopen({ limitBytes: 0 });
  await keep(none, 'app', ids('a'));
  assert.equal(none.sizeBytes, 0);
});

test('a build goes on when what it was about to read is removed for the sake of others', async (t) => {
  const { cache } = await openCache(t, { limitBytes: 700_000 });
  await keep(cache, 'app', ids('a'));
  const session = await cache.openSession('app');
  const found = ids('a')
    .map((id) => session.find(id))
    .filter((member) => member !== undefined);
  assert.equal(found.length, MEMBERS);
  for (const app of ['one', 'two']) await keep(cache, app, ids('a'));
  const read = await Array.fromAsync(session.read(found));
  assert.deepEqual([read.length, read.filter((member) => member !== undefined).length], [MEMBERS, 0]);
  await session.close();
});

test('two builds of one app at once both keep what they have, whole', async (t) => {
  const { cache, reopen } = await openCache(t);
  const sessions = [await cache.openSession('app'), await cache.openSession('app')] as const;
  for (const [index, id] of [...ids('a').keys()].map((at) => [at, ids('a')[at] ?? ''] as const)) {
    await sessions[0].keep(id, memberOf(id));
    await sessions[1].keep(index % 2 === 0 ? id : `${id} b`, memberOf(index % 2 === 0 ? id : `${id} b`));
  }
  await Promise.all(sessions.map((session) => session.close()));
  const all = [
    ...ids('a'),
    ...ids('a')
      .filter((_, at) => at % 2 === 1)
      .map((id) => `${id} b`),
  ];
  for (const one of [cache, await reopen()]) assert.deepEqual(await findAll(one, 'app', all), all);
});

test('many small segments are gathered into one', async (t) => {
  const { cache, segments } = await openCache(t);
  const all = Array.from({ length: 10 }, (_, at) => ids(`${at}`).slice(0, 30));
  for (const some of all) await keep(cache, 'app', some);
  assert.equal((await segments()).length, 10);
  assert.equal((await findAll(cache, 'app', all.flat())).length, 300);
  assert.equal((await segments()).length, 11);
  const session = await cache.openSession('app');
  assert.equal(new Set(all.flat().map((id) => session.find(id)?.segment)).size, 1);
  await session.close();
  await findAll(cache, 'app', all.flat());
  assert.equal((await segments()).length, 11, 'which is done once');
});

test('an app has so many segments at most', async (t) => {
  const { cache, segments } = await openCache(t);
  for (let at = 0; at < 40; at++) await keep(cache, 'app', ids(`${at}`).slice(0, 30));
  assert.equal((await segments()).length, 32);
  assert.equal((await findAll(cache, 'app', ids('39').slice(0, 30))).length, 30);
});

test('a deleted app has nothing left, and what its last build keeps is thrown away', async (t) => {
  const { cache, folder } = await openCache(t);
  await keep(cache, 'app', ids('a'));
  const session = await cache.openSession('app');
  for (const id of ids('b')) await session.keep(id, memberOf(id));
  await cache.deleteApp('app');
  await session.close();
  assert.equal(cache.sizeBytes, 0);
  assert.deepEqual(await readdir(folder), []);
  assert.deepEqual(await findAll(cache, 'app', [...ids('a'), ...ids('b')]), []);
});

test('what an earlier process did not finish is deleted', async (t) => {
  const { cache, reopen, segments } = await openCache(t);
  await keep(cache, 'app', ids('a'));
  const [path = ''] = await segments();
  const leftover = join(path, '..', '0000000002.segment.tmp');
  await writeFile(leftover, 'half');
  await reopen();
  await assert.rejects(stat(leftover), { code: 'ENOENT' });
});

test('a disk that takes nothing costs no build', async (t) => {
  const { cache, folder } = await openCache(t);
  await keep(cache, 'app', ids('a'));
  const [app = ''] = await readdir(folder);
  await writeFile(join(folder, app, '0000000002.segment.tmp'), 'in the way');
  await keep(cache, 'app', ids('b'));
  assert.deepEqual(await findAll(cache, 'app', [...ids('a'), ...ids('b')]), ids('a'));
});

test('apps that are not built are forgotten in memory, not on disk', async (t) => {
  const { cache } = await openCache(t, { idleMembers: 0 });
  for (const app of ['one', 'two']) await keep(cache, app, ids(app));
  for (const app of ['one', 'two', 'one']) assert.deepEqual(await findAll(cache, app, ids(app)), ids(app));
});

function ids(prefix: string): readonly string[] {
  return Array.from({ length: MEMBERS }, (_, at) => `${prefix}-${at}`);
}

function memberOf(id: string): PackedMember {
  const body = noise(MEMBER_BYTES, id);
  return { method: 'stored', crc32: crc32(body), sizeBytes: body.length, packedBytes: body.length, body };
}

async function keep(cache: MemberCache, appKey: string, wanted: readonly string[]): Promise<void> {
  const session = await cache.openSession(appKey);
  for (const id of wanted) await session.keep(id, memberOf(id));
  await session.close();
}

/** Answers the ids that are found, and makes sure that each stands for the bytes that were kept. */
async function findAll(cache: MemberCache, appKey: string, wanted: readonly string[]): Promise<readonly string[]> {
  const session: CacheSession = await cache.openSession(appKey);
  const known = wanted.filter((id) => session.find(id) !== undefined);
  const members = known.map((id) => session.find(id)).filter((member) => member !== undefined);
  const found: string[] = [];
  let at = 0;
  for await (const member of session.read(members)) {
    const id = known[at++] ?? '';
    if (member === undefined) continue;
    assert.deepEqual(member, { ...memberOf(id), body: member.body });
    assert.ok(member.body instanceof Uint8Array && memberBytes(id).equals(member.body), `the bytes of ${id}`);
    found.push(id);
  }
  await session.close();
  return found;
}

function memberBytes(id: string): Buffer {
  return noise(MEMBER_BYTES, id);
}

async function openCache(context: TestContext, options: Partial<MemberCacheOptions> = {}) {
  const folder = await temporaryFolder(context);
  let clock = 1_700_000_000_000;
  const now = () => {
    clock += 1_000;
    return new Date(clock);
  };
  const reopen = (more: Partial<MemberCacheOptions> = {}) =>
    MemberCache.open({ folder, limitBytes: 64 * 1024 * 1024, now, ...options, ...more });
  const segments = async () => {
    const names = await readdir(folder, { recursive: true });
    return names.filter((name) => name.endsWith('.segment')).map((name) => join(folder, name));
  };
  return { cache: await reopen(), folder, reopen, segments };
}
