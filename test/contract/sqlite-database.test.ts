import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { listAudit } from '../../src/database/audit.ts';
import { lockDataFolder } from '../../src/database/data-folder-lock.ts';
import { openSqliteDatabase } from '../../src/database/sqlite-database.ts';
import { testDatabase } from '../support/database.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { testDatabaseContract } from './database.ts';

testDatabaseContract('SQLite', testDatabase);

test('SQLite: a database opens again with what was written', async (t) => {
  const file = join(await temporaryFolder(t), 'slipway.db');
  const first = await openSqliteDatabase(file);
  const written = { at: 1, login: 'me', action: 'note', subject: 'kept', detail: '' };
  await first.transaction(async (queries) => {
    await queries.insertInto('audit').values(written).execute();
  });
  await first.close();
  const second = await openSqliteDatabase(file);
  t.after(() => second.close());
  assert.deepEqual({ ...(await listAudit(second.read, { limit: 9 }))[0] }, { id: 1, ...written });
});

test('SQLite: the connection for reads cannot write', async (t) => {
  const database = await testDatabase(t);
  await assert.rejects(database.read.deleteFrom('audit').execute(), /readonly/);
});

test('a data folder is locked for one, and free again afterwards', async (t) => {
  const file = join(await temporaryFolder(t), 'lock');
  const unlock = lockDataFolder(file);
  assert.throws(() => lockDataFolder(file), /Another Slipway is running/);
  unlock();
  lockDataFolder(file)();
});
