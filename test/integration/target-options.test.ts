import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Type } from 'typebox';
import { findEnvironmentById } from '../../src/database/environments.ts';
import type { DeploymentTarget, TargetEnvironment } from '../../src/deployment/deployment-target.ts';
import { parseOptions, presentOptions } from '../../src/deployment/parse-options.ts';
import { parseMode } from '../../src/domain/environment-mode.ts';
import { parseLogin } from '../../src/domain/identifiers.ts';
import { createEnvironment } from '../../src/operations/create-environment.ts';
import { rotateSecrets } from '../../src/operations/rotate-secrets.ts';
import { showTargetOptions } from '../../src/operations/target-options.ts';
import { transportPackage } from '../../src/operations/transport-package.ts';
import { updateEnvironment } from '../../src/operations/update-environment.ts';
import { openSecretBox } from '../../src/secrets/secret-box.ts';
import { addApp, addPackage, testDatabase } from '../support/database.ts';
import { openDeployments } from '../support/deployments.ts';

const user = { id: 'user-1', login: parseLogin('richard'), name: 'Richard', isAdmin: true };
const SCHEMA = Type.Object({ url: Type.String(), token: Type.Optional(Type.String({ writeOnly: true })) });
const GIVEN = { url: 'https://cluster.example', token: 'hunter2hunter2' };

/** An environment with the options above, and what its target was told of it. */
async function setUp(t: TestContext) {
  const database = await testDatabase(t);
  const app = await addApp(database, 'calc');
  const told: TargetEnvironment[] = [];
  const target: Partial<DeploymentTarget> = {
    parseOptions: (given, former) => parseOptions(SCHEMA, given, former),
    presentOptions: (options) => presentOptions(SCHEMA, options),
    transport: async (environment) => void told.push(environment),
  };
  const deps = openDeployments(database, target);
  const args = { user, app };
  const created = await createEnvironment(deps, { ...args, request: { Mode: 'Test', TargetOptions: GIVEN } });
  const packageId = await addPackage(database, app, { status: 'Succeeded', blob_key: 'key', sha256: 'abc' });
  const mode = parseMode('test');
  return {
    database,
    deps,
    told,
    target,
    row: async () => (await findEnvironmentById(database.read, created.id)) ?? assert.fail('It is there.'),
    transport: (with_ = deps) => transportPackage(with_, { ...args, mode, packageId }),
    update: (request: Parameters<typeof updateEnvironment>[1]['request'], with_ = deps) =>
      updateEnvironment(with_, { ...args, mode, request }),
  };
}

test('a target is told its options; they are stored encrypted, and shown without secrets', async (t) => {
  const { deps, told, row, transport } = await setUp(t);
  await transport();
  const { appId, mode, options } = told[0] ?? assert.fail('It was told.');
  assert.deepEqual({ appId, mode, options }, { appId: 'calc', mode: 'Test', options: GIVEN });
  const stored = (await row()).target_options ?? '';
  assert.match(stored, /^v1\./);
  assert.doesNotMatch(stored, /hunter2|example/);
  assert.deepEqual(showTargetOptions(deps, await row()), { url: GIVEN.url });
});

test('an option changes alone, and so does what else is known of an environment', async (t) => {
  const { told, update, transport } = await setUp(t);
  const updated = await update({ TargetOptions: { url: 'https://other.example' }, Url: 'https://app.example' });
  assert.deepEqual([updated.url, updated.is_production], ['https://app.example', 0]);
  assert.equal((await update({ Production: true })).is_production, 1);
  await transport();
  assert.deepEqual(told[0]?.options, { ...GIVEN, url: 'https://other.example' });
});

test('options are sealed anew with everything else, and have to be said again where the key is lost', async (t) => {
  const { database, deps, told, target, transport, update } = await setUp(t);
  const to = openSecretBox(Buffer.alloc(32, 1));
  const rotation = { from: deps.secretBox, to, dropUnreadable: false };
  assert.deepEqual(await rotateSecrets(deps, rotation), { resealed: 1, dropped: 0 });
  await transport({ ...openDeployments(database, target, { secretBox: to }) });
  assert.deepEqual(told[0]?.options, GIVEN);

  const lost = openDeployments(database, target);
  await assert.rejects(transport(lost), /options of its target cannot be decrypted.*slipway environment update/);
  await assert.rejects(update({ TargetOptions: { token: 'another' } }, lost), /needs the option url/);
  await update({ TargetOptions: { url: 'https://new.example' } }, lost);
  await transport(lost);
  assert.deepEqual(told[1]?.options, { url: 'https://new.example' });
});
