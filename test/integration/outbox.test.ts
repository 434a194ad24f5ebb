import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { findNextDueAt, insertOutboxEntry } from '../../src/database/outbox.ts';
import { findAnyPackage } from '../../src/database/packages.ts';
import type { AppRow } from '../../src/database/schema.ts';
import type { PackageId } from '../../src/domain/identifiers.ts';
import { type Effect, Outbox, type OutboxOptions } from '../../src/outbox/outbox.ts';
import { tagEffect } from '../../src/outbox/tag-effect.ts';
import { openRepositories } from '../../src/repository/repositories.ts';
import { NO_TRACING } from '../../src/tracing/no-tracing.ts';
import { addApp, addPackage, testDatabase } from '../support/database.ts';
import { makeTestRepository } from '../support/git.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const NOTHING: Effect = { perform: async () => [], recordFailure: async () => {} };

/** An outbox over a real database and a real repository, at a time that the test decides on. */
async function setUp(context: TestContext) {
  const folder = await temporaryFolder(context);
  const source = await makeTestRepository(join(folder, 'source.git'));
  const [first = '', second = ''] = await source.commit([
    { branch: 'master', files: { a: '1' } },
    { branch: 'master', files: { a: '2' } },
  ]);
  const database = await testDatabase(context);
  const app = await addApp(database, 'calc', source.path);
  const mirrorsFolder = join(folder, 'mirrors');
  const repositories = openRepositories({ mirrorsFolder, path: process.env.PATH ?? '', home: folder });
  context.after(() => repositories.closeAll());
  const repositoryOf = ({ id, kind, repository }: AppRow) =>
    repositories.forApp({ key: id, kind, repository, mainBranch: null });
  const time = { now: 1_000_000 };
  const options: OutboxOptions = {
    database,
    effects: { tag: tagEffect({ database, tracing: NO_TRACING, repositoryOf }), deploy: NOTHING },
    clock: () => time.now,
    onError: (error) => assert.fail(String(error)),
  };
  const open = (changed: Partial<OutboxOptions> = {}) => {
    const outbox = new Outbox({ ...options, ...changed });
    context.after(() => outbox.stop());
    return outbox;
  };
  const succeed = async (version: string, revision: string) => {
    const file = { status: 'Succeeded', blob_key: 'k', sha256: 's', tag_status: 'Pending' } as const;
    const id = await addPackage(database, app, { version, revision, description: 'Add scientific mode', ...file });
    const entry = { kind: 'tag', package_id: id, app_id: app.id, created_at: time.now, due_at: time.now } as const;
    await database.transaction((queries) => insertOutboxEntry(queries, entry));
    return id;
  };
  const untilTag = (id: PackageId, what: RegExp) =>
    until(`the tag is ${what}`, async () => {
      const row = await findAnyPackage(database.read, id);
      return what.test(`${row?.tag_status}: ${row?.tag_message}`) && row;
    });
  return { source, first, second, database, repositoryOf, time, open, succeed, untilTag };
}

test('a package leaves an annotated tag with its description; the same again is fine, another revision a conflict', async (t) => {
  const { source, first, second, database, open, succeed, untilTag } = await setUp(t);
  const outbox = open();
  const made = await succeed('1.0.0.1', first);
  outbox.wake();
  await untilTag(made, /^Done/);
  assert.match(await source.git(['cat-file', 'tag', '1.0.0.1']), new RegExp(`object ${first}[^]*Add scientific mode`));
  const [again, other] = [await succeed('1.0.0.1', first), await succeed('1.0.0.1', second)];
  outbox.wake();
  await untilTag(again, /^Done/);
  const row = await untilTag(other, /^Conflict: .*1\.0\.0\.1/);
  assert.equal(row.status, 'Succeeded');
  assert.equal(await source.git(['rev-parse', '1.0.0.1^{commit}']), first);
  assert.equal(await findNextDueAt(database.read, 'tag'), undefined);
});

test('a tag that cannot be made is tried again, later and later, and its package says why', async (t) => {
  const { first, repositoryOf, database, time, open, succeed, untilTag } = await setUp(t);
  let away = true;
  const effect = tagEffect({
    database,
    tracing: NO_TRACING,
    repositoryOf: (app) => repositoryOf(away ? { ...app, repository: `${app.repository}-away` } : app),
  });
  const outbox = open({ effects: { tag: effect, deploy: NOTHING } });
  const id = await succeed('1.0.0.1', first);
  const delays: number[] = [];
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    const before = time.now;
    outbox.wake();
    time.now = await until('the entry is put off', async () => {
      const dueAt = await findNextDueAt(database.read, 'tag');
      return dueAt !== undefined && dueAt > before && dueAt;
    });
    delays.push(time.now - before);
    await untilTag(id, /^Pending: Tried again soon: .* is not there/);
  }
  assert.deepEqual(delays, [1000, 2000, 4000]);
  away = false;
  outbox.wake();
  await untilTag(id, /^Done: null/);
});

test('what the database could not take is done all the same once it can', async (t) => {
  const { first, database, open, succeed, untilTag } = await setUp(t);
  const errors: unknown[] = [];
  let full = true;
  const outbox = open({
    database: {
      ...database,
      transaction: (work, durability) =>
        full ? Promise.reject(new Error('database or disk is full')) : database.transaction(work, durability),
    },
    onError: (error) => errors.push(error),
  });
  const id = await succeed('1.0.0.1', first);
  outbox.wake();
  await until('the error is reported', () => errors.length > 0);
  full = false;
  await untilTag(id, /^Done/);
});

test('an app that takes long to be deployed keeps no tags waiting', async (t) => {
  const { first, database, repositoryOf, time, open, succeed, untilTag } = await setUp(t);
  const deploying = Promise.withResolvers<void>();
  const untilStopped: Effect = {
    async perform(_entries, signal) {
      deploying.resolve();
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      return [];
    },
    recordFailure: async () => {},
  };
  const outbox = open({
    effects: { tag: tagEffect({ database, tracing: NO_TRACING, repositoryOf }), deploy: untilStopped },
  });
  const id = await succeed('1.0.0.1', first);
  const row = await findAnyPackage(database.read, id);
  const entry = { kind: 'deploy', package_id: id, app_id: row?.app_id ?? '', created_at: 1, due_at: 1 } as const;
  await database.transaction((queries) => insertOutboxEntry(queries, entry));
  time.now -= 1;
  outbox.wake();
  await deploying.promise;
  time.now += 1;
  outbox.wake();
  await untilTag(id, /^Done/);
});
