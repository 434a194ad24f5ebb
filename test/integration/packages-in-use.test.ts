import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { openDiskBlobStore } from '../../src/blob/disk-blob-store.ts';
import { openFileBuildLog } from '../../src/build-log/file-build-log.ts';
import { parseMode } from '../../src/domain/environment-mode.ts';
import { parseLogin } from '../../src/domain/identifiers.ts';
import { createEnvironment } from '../../src/operations/create-environment.ts';
import { deletePackage } from '../../src/operations/delete-package.ts';
import { transportPackage } from '../../src/operations/transport-package.ts';
import { type BuildApiWorld, openBuildApiWorld } from '../support/build-api-world.ts';
import { addApp, addPackage, testDatabase } from '../support/database.ts';
import { openDeployments } from '../support/deployments.ts';
import { environmentCalls } from '../support/environments.ts';
import { inDatabaseOf } from '../support/stores.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const RACES = 12;

async function createEnvironments({ server }: BuildApiWorld, ...modes: readonly string[]): Promise<void> {
  for (const Mode of modes) await server.call('POST', '/manage/1/apps/calc/environments', { Mode });
}

const packagePath = (id: string) => `/api/1/apps/calc/packages/${id}`;

test('a package that an environment holds or runs is not deleted; one that it let go is', async (t) => {
  const world = await openBuildApiWorld(t);
  await createEnvironments(world, 'Test', 'Acceptance');
  const { transport, run, stop } = environmentCalls(world.call, 'Test');
  const [old, next] = [await world.build(), await world.build()];
  const remove = async (id: string) => {
    const { status, body } = await world.call('DELETE', packagePath(id));
    return [status, body.errorCode];
  };
  await transport(old.PackageId);
  assert.deepEqual(await remove(old.PackageId), [409, 'PACKAGE_IN_USE']);
  await run();
  await transport(next.PackageId);
  assert.deepEqual(await remove(old.PackageId), [409, 'PACKAGE_IN_USE'], 'it still runs');
  assert.deepEqual(await remove(next.PackageId), [409, 'PACKAGE_IN_USE'], 'it runs next');
  await stop();
  assert.deepEqual(await remove(old.PackageId), [200, undefined]);
  await environmentCalls(world.call, 'Acceptance').transport(next.PackageId);
  assert.equal((await world.server.call('DELETE', '/manage/1/apps/calc/environments/Test')).status, 200);
  assert.deepEqual(await remove(next.PackageId), [409, 'PACKAGE_IN_USE'], 'the other one holds it');
  assert.equal((await world.server.call('DELETE', '/manage/1/apps/calc/environments/Acceptance')).status, 200);
  assert.deepEqual(await remove(next.PackageId), [200, undefined]);
});

test('of a transport and a deletion at once, one is refused', async (t) => {
  const world = await openBuildApiWorld(t);
  const modes = Array.from({ length: RACES }, (_, index) => `Race${index}`);
  await createEnvironments(world, ...modes);
  const packages = await Promise.all(modes.map(() => world.build()));
  await Promise.all(
    modes.map(async (mode, index) => {
      const { transport, path } = environmentCalls(world.call, mode);
      const { PackageId } = packages[index];
      const calls = [() => transport(PackageId), () => world.call('DELETE', packagePath(PackageId))];
      const order = index % 2 === 0 ? [0, 1] : [1, 0];
      const answers = await Promise.all(order.map(async (which) => ({ which, answer: await calls[which]?.() })));
      const codeOf = (which: number) => answers.find((one) => one.which === which)?.answer?.body.errorCode;
      const outcome = [codeOf(0), codeOf(1)];
      const isTransported = outcome[0] === undefined;
      assert.deepEqual(outcome, isTransported ? [undefined, 'PACKAGE_IN_USE'] : ['PACKAGE_NOT_FOUND', undefined]);
      const held = await world.call('GET', `${path}/package`);
      assert.equal(held.status, isTransported ? 200 : 404);
    }),
  );
});

test('a package is in use from before its transport begins', async (t) => {
  const database = await testDatabase(t);
  const folder = await temporaryFolder(t);
  const app = await addApp(database, 'calc');
  const packageId = await addPackage(database, app, { status: 'Succeeded', blob_key: 'key', sha256: 'abc' });
  const asked = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const transport = async () => {
    asked.resolve();
    await released.promise;
  };
  const deps = openDeployments(database, { transport });
  const user = { id: 'user-1', login: parseLogin('richard'), name: 'Richard', isAdmin: true };
  await createEnvironment(deps, { user, app, request: { Mode: 'Test' } });
  const transporting = transportPackage(deps, { user, app, mode: parseMode('TEST'), packageId });
  await asked.promise;
  const buildLog = await openFileBuildLog({ folder, clock: deps.clock, mostBytes: 1000, onError: assert.ifError });
  const deleting = {
    ...deps,
    blobs: await openDiskBlobStore(join(folder, 'blobs')),
    buildLog,
  };
  const remove = () => deletePackage(deleting, { app, user, packageId });
  await assert.rejects(remove(), /in use by the environment 'Test'/);
  released.resolve();
  await transporting;
  await assert.rejects(remove(), /in use by the environment 'Test'/);
});

test('an app is not deleted while an environment runs, and is with those that are stopped', async (t) => {
  const world = await openBuildApiWorld(t);
  await createEnvironments(world, 'Acceptance', 'Test');
  const { transport, run, stop } = environmentCalls(world.call, 'Test');
  await transport((await world.build()).PackageId);
  await run();
  const refused = await world.server.call('DELETE', '/manage/1/apps/calc');
  assert.deepEqual([refused.status, refused.body.errorCode], [409, 'APP_IN_USE']);
  assert.match(refused.body.errorMessage, /its environment 'Test' runs.*Stop it first/);
  await stop();
  assert.equal((await world.server.call('DELETE', '/manage/1/apps/calc')).status, 200);
  await inDatabaseOf(world.server.dataFolder, ({ read }) =>
    until('the rows are gone', async () => {
      const environments = await read.selectFrom('environments').select('id').execute();
      const jobs = await read.selectFrom('deployment_jobs').select('id').execute();
      const apps = await read.selectFrom('apps').select('id').execute();
      return environments.length + jobs.length + apps.length === 0;
    }),
  );
});
