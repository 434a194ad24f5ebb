import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openDiskBlobStore } from '../../src/blob/disk-blob-store.ts';
import { openFileBuildLog } from '../../src/build-log/file-build-log.ts';
import { listDeletedApps } from '../../src/database/apps.ts';
import { DeploymentFailure, type DeploymentTarget } from '../../src/deployment/deployment-target.ts';
import { parseMode } from '../../src/domain/environment-mode.ts';
import { parseLogin } from '../../src/domain/identifiers.ts';
import { Refusal } from '../../src/domain/refusal.ts';
import { createEnvironment } from '../../src/operations/create-environment.ts';
import { deleteApp } from '../../src/operations/delete-app.ts';
import { removeDeletedApps } from '../../src/operations/remove-deleted-apps.ts';
import { transportPackage } from '../../src/operations/transport-package.ts';
import { addApp, addPackage, testDatabase } from '../support/database.ts';
import { openDeployments } from '../support/deployments.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const user = { id: 'user-1', login: parseLogin('richard'), name: 'Richard', isAdmin: true };

/** An app with the environments `Test` and `Acceptance` over a target of the test's own. */
async function setUp(t: TestContext, target: Partial<DeploymentTarget>) {
  const database = await testDatabase(t);
  const folder = await temporaryFolder(t);
  const app = await addApp(database, 'calc');
  const packageId = await addPackage(database, app, { status: 'Succeeded', blob_key: 'key', sha256: 'abc' });
  const deps = openDeployments(database, target);
  for (const Mode of ['Test', 'Acceptance']) await createEnvironment(deps, { user, app, request: { Mode } });
  const { clock } = deps;
  const failed: unknown[] = [];
  const removal = {
    ...deps,
    blobs: await openDiskBlobStore(join(folder, 'blobs')),
    buildLog: await openFileBuildLog({ folder, clock, mostBytes: 1000, onError: assert.ifError }),
    onError: (error: unknown) => failed.push(error),
  };
  return {
    failed,
    transport: () => transportPackage(deps, { user, app, mode: parseMode('Test'), packageId }),
    delete: () => deleteApp(deps, { app, user }),
    remove: (signal: AbortSignal) => removeDeletedApps(removal, signal),
    stop: () => deps.deployments.stop(),
    left: () => listDeletedApps(database.read),
  };
}

test('targets forget the environments of a deleted app; one that cannot does not keep it', async (t) => {
  const asked: string[] = [];
  const world = await setUp(t, {
    async remove({ mode }) {
      asked.push(mode);
      if (mode === 'Test') throw new DeploymentFailure('its disk is gone.');
    },
  });
  await world.delete();
  await world.remove(new AbortController().signal);
  assert.deepEqual(asked.toSorted(), ['Acceptance', 'Test']);
  assert.match(String(world.failed), /its disk is gone/);
  assert.deepEqual(await world.left(), []);
});

test('an environment whose target was not asked because the server ended is asked by the next one', async (t) => {
  const asked = Promise.withResolvers<void>();
  const world = await setUp(t, {
    async remove(_environment, signal) {
      asked.resolve();
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      signal.throwIfAborted();
    },
  });
  await world.delete();
  const removing = world.remove(new AbortController().signal);
  await asked.promise;
  await world.stop();
  await removing;
  assert.deepEqual([world.failed.length, (await world.left()).length], [0, 1]);
});

test('an app is not deleted while an environment is being given a package', async (t) => {
  const asked = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const world = await setUp(t, {
    async transport() {
      asked.resolve();
      await released.promise;
    },
  });
  const transporting = world.transport();
  await asked.promise;
  const isInUse = (error: unknown) => error instanceof Refusal && error.code === 'APP_IN_USE';
  await assert.rejects(world.delete(), isInUse);
  released.resolve();
  await transporting;
  await world.delete();
});
