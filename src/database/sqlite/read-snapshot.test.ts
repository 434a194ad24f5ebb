import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addApp, addPackage, testDatabase } from '../../../test/support/database.ts';
import { changeStatus, findPackage } from '../packages.ts';

test('whoever learns of a commit reads it, in the same turn of the event loop', async (t) => {
  const database = await testDatabase(t);
  const app = await addApp(database, 'calc');
  const ids = await Promise.all(Array.from({ length: 20 }, () => addPackage(database, app)));
  await Promise.all(
    ids.map(async (id) => {
      const status = async () => (await findPackage(database.read, app.id, id))?.status;
      assert.equal(await status(), 'Queued');
      const guard = { packageId: id, status: 'Queued', attempt: 0 } as const;
      await database.transaction(async (queries) => {
        await changeStatus(queries, guard, 'Building', { started_at: 0 });
        assert.equal(await status(), 'Queued');
      });
      assert.equal(await status(), 'Building');
    }),
  );
});

test('a database may be closed in the turn of a read', async (t) => {
  const database = await testDatabase(t);
  const app = await addApp(database, 'calc');
  const id = await addPackage(database, app);
  await findPackage(database.read, app.id, id);
});
