import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { findApp } from '../../src/database/apps.ts';
import { insertAuditEntry, listAudit } from '../../src/database/audit.ts';
import type { Database, Queries } from '../../src/database/database.ts';
import { changeStatus, findAnyPackage, StaleUpdate } from '../../src/database/packages.ts';
import { insertUser, listUsers } from '../../src/database/users.ts';
import { countPendingMessages } from '../../src/database/webhook-messages.ts';
import { insertWebhook } from '../../src/database/webhooks.ts';
import type { Login } from '../../src/domain/identifiers.ts';
import { addApp, addPackage } from '../support/database.ts';

/** What every database promises. */
export function testDatabaseContract(name: string, open: (context: TestContext) => Promise<Database>): void {
  const note = (queries: Queries, subject: string) =>
    insertAuditEntry(queries, { at: 1, login: 'me', action: 'note', subject, detail: '' });
  const notes = async (database: Database) =>
    (await listAudit(database.read, { limit: 100 })).map(({ subject }) => subject).reverse();

  test(`${name}: what a transaction wrote can be read once it has resolved`, async (t) => {
    const database = await open(t);
    assert.equal(await database.transaction(async (queries) => note(queries, 'a').then(() => 7)), 7);
    assert.deepEqual(await notes(database), ['a']);
  });

  test(`${name}: text is in the order of its characters' codes`, async (t) => {
    const database = await open(t);
    const names = ['a-b', 'a.c', 'a_d', 'aa', 'é', 'b', 'B', 'a b', 'Z'];
    for (const login of names as Login[]) {
      const user = { id: login, login, name: '', is_admin: 0, created_at: 1, disabled_at: null };
      await database.transaction((queries) => insertUser(queries, user));
    }
    const logins = (await listUsers(database.read)).map(({ login }) => login);
    assert.deepEqual(logins, names.toSorted());
  });

  test(`${name}: text with a NUL in it is no fault`, async (t) => {
    const database = await open(t);
    await database.transaction((queries) => note(queries, 'a\0b'));
    assert.match((await notes(database))[0] ?? '', /^a[\0\ufffd]b$/);
    assert.equal(await findApp(database.read, 'a\0b'), undefined);
  });

  test(`${name}: a transaction that throws writes nothing, and its neighbours are not touched by it`, async (t) => {
    const database = await open(t);
    const results = await Promise.allSettled([
      database.transaction((queries) => note(queries, 'before')),
      database.transaction(async (queries) => {
        await note(queries, 'lost');
        throw new Error('no');
      }),
      database.transaction((queries) => note(queries, 'after')),
    ]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
    assert.deepEqual(await notes(database), ['before', 'after']);
  });

  test(`${name}: a read never sees half of a transaction`, async (t) => {
    const database = await open(t);
    const seen = await database.transaction(async (queries) => {
      await note(queries, 'one');
      const during = await notes(database);
      await note(queries, 'two');
      return during;
    });
    assert.deepEqual(seen, []);
    assert.deepEqual(await notes(database), ['one', 'two']);
  });

  test(`${name}: transactions run one after the other, in the order they were asked for`, async (t) => {
    const database = await open(t);
    const subjects = Array.from({ length: 50 }, (_, index) => `${index}`);
    await Promise.all(subjects.map((subject) => database.transaction((queries) => note(queries, subject), 'relaxed')));
    assert.deepEqual(await notes(database), subjects);
  });

  test(`${name}: who delivers messages is told after each commit that wrote one, and can read it`, async (t) => {
    const database = await open(t);
    const app = await addApp(database, 'calc');
    const webhook = { id: 'mxep_1', app_id: app.id, name: 'x', url: 'x', event_types: '["build.queued"]' };
    await database.transaction((queries) =>
      insertWebhook(queries, { ...webhook, is_active: 1, secrets: '', created_at: 1 }),
    );
    const seen: Promise<number>[] = [];
    database.onChange('messages', () => seen.push(countPendingMessages(database.read)));
    assert.equal(await countPendingMessages(database.read), 0);
    await database.transaction((queries) => note(queries, 'no message'));
    await addPackage(database, app);
    assert.deepEqual(await Promise.all(seen), [1]);
    await Promise.all([addPackage(database, app), addPackage(database, app, { status: 'Building' })]);
    await database.transaction((queries) => note(queries, 'something else'));
    assert.deepEqual(await Promise.all(seen), [1, 2]);
  });

  test(`${name}: a status changes only from what the writer believes it to be`, async (t) => {
    const database = await open(t);
    const packageId = await addPackage(database, await addApp(database, 'calc'));
    const claim = { packageId, status: 'Queued', attempt: 0 } as const;
    await database.transaction((queries) => changeStatus(queries, claim, 'Building', { attempt: 1, started_at: 0 }));
    await assert.rejects(
      database.transaction((queries) => changeStatus(queries, claim, 'Building')),
      StaleUpdate,
    );
    await assert.rejects(
      database.transaction((queries) => changeStatus(queries, { ...claim, status: 'Building' }, 'Uploading')),
      StaleUpdate,
    );
    assert.equal((await findAnyPackage(database.read, packageId))?.status, 'Building');
  });

  test(`${name}: a status never goes a way that the table does not have`, async (t) => {
    const database = await open(t);
    const packageId = await addPackage(database, await addApp(database, 'calc'));
    await assert.rejects(
      database.transaction((queries) =>
        changeStatus(queries, { packageId, status: 'Queued', attempt: 0 }, 'Succeeded'),
      ),
      /may not go from Queued to Succeeded/,
    );
  });

  test(`${name}: a package without its app, and a status that is none, are refused by the database itself`, async (t) => {
    const database = await open(t);
    const app = await addApp(database, 'calc');
    await assert.rejects(addPackage(database, { ...app, id: 'nobody' }), /constraint/i);
    await assert.rejects(addPackage(database, app, { status: 'Ready' as 'Queued' }), /constraint/i);
    await assert.rejects(addPackage(database, app, { status: 'Succeeded' }), /constraint/i);
    assert.ok(await findApp(database.read, app.id));
  });
}
