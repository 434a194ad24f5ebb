import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import type { Configuration } from '../../src/main/configuration.ts';
import { openBuildApiWorld } from '../support/build-api-world.ts';
import { openCommandLine } from '../support/command-line.ts';
import { environmentCalls } from '../support/environments.ts';
import { openFront } from '../support/front.ts';
import { type StandInApi, startStandInApi, type Verb } from '../support/kubernetes/stand-in-api.ts';
import { runStandInOperator, type StandInOperatorOptions } from '../support/kubernetes/stand-in-operator.ts';
import { listBlocks, splitWords } from '../support/page-blocks.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const GUIDE = new URL('../../docs/deploying-on-kubernetes.md', import.meta.url);
const RUN = 'run by test/end-to-end/kubernetes-guide.test.ts';
const READ = 'read by test/end-to-end/kubernetes-guide.test.ts';

/** A server behind a public address, a cluster as the guide sets it up, and the commands of the guide done. */
async function followGuide(
  t: TestContext,
  operatorOptions: StandInOperatorOptions = {},
  overrides: Partial<Configuration> = {},
) {
  const front = await openFront(t);
  const world = await openBuildApiWorld(t, { publicUrl: front.url, ...overrides });
  front.leadTo(world.server.url);
  const api = await startStandInApi(t);
  const operator = runStandInOperator(t, api, operatorOptions);

  const blocks = listBlocks(await readFile(GUIDE, 'utf8'));
  const [app, rights] = blocks.filter(({ mark }) => mark === READ).map(({ text }) => text);
  const { metadata, spec } = readManifests(app)[0] ?? assert.fail('The guide has a MendixApp.');
  api.apps.add(metadata.namespace, metadata.name, spec);
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'token.txt'), `${addServiceAccount(api, readManifests(rights))}\n`);
  await writeFile(join(folder, 'ca.pem'), api.ca);
  const { username, apiKey } = world.server.admin;
  const credentials = { SLIPWAY_USERNAME: username, SLIPWAY_API_KEY: apiKey };
  const slipway = openCommandLine(folder, { SLIPWAY_URL: world.server.url, ...credentials });
  const [commands] = blocks.filter(({ mark }) => mark === RUN);
  for (const line of (commands?.text ?? '').trim().split('\n')) {
    const words = splitWords(line.replace('https://kubernetes.example.com:6443', api.server)).slice(1);
    const outcome = await slipway.run(words);
    assert.equal(outcome.code, 0, `${line}: ${outcome.stderr}`);
  }
  const find = () => api.apps.find(metadata.namespace, metadata.name) ?? assert.fail('It is there.');
  return { world, front, api, operator, find, environment: environmentCalls(world.call, 'Test') };
}

// biome-ignore lint/suspicious/noExplicitAny: manifests of several shapes
function readManifests(text = ''): any[] {
  return parseAllDocuments(text).map((document) => document.toJS());
}

/** A token with exactly the rights of the Role of the guide. */
function addServiceAccount(api: StandInApi, manifests: ReturnType<typeof readManifests>): string {
  const role = manifests.find(({ kind }) => kind === 'Role');
  const binding = manifests.find(({ kind }) => kind === 'RoleBinding');
  const secret = manifests.find(({ type }) => type === 'kubernetes.io/service-account-token');
  assert.equal(binding.roleRef.name, role.metadata.name);
  assert.equal(secret.metadata.annotations['kubernetes.io/service-account.name'], binding.subjects[0].name);
  const [{ apiGroups, resources, verbs }] = role.rules;
  assert.deepEqual([apiGroups, resources], [['privatecloud.mendix.com'], ['mendixapps']]);
  return api.addToken({ [role.metadata.namespace]: verbs as Verb[] });
}

test('the guide ends with the package in the cluster, fetched through its link without credentials', async (t) => {
  const fetched: string[] = [];
  const build = async (source: string) => {
    const answer = await fetch(source);
    assert.equal(answer.status, 200, source);
    fetched.push(
      createHash('sha256')
        .update(Buffer.from(await answer.arrayBuffer()))
        .digest('hex'),
    );
  };
  const { world, front, api, find, environment } = await followGuide(t, { build });
  const built = await world.build();
  await environment.stop();
  assert.equal((await environment.transport(built.PackageId)).status, 200);
  assert.deepEqual([find().spec.replicas, fetched], [0, []]);
  await environment.run();

  const { body } = await world.call('GET', `/api/1/apps/calc/packages/${built.PackageId}`);
  assert.deepEqual(fetched, [body.Sha256]);
  assert.ok(find().spec.sourceURL.startsWith(front.url));
  assert.deepEqual([find().spec.replicas, find().status.appState], [1, 'Started']);
  assert.equal((await environment.get()).Status, 'Running');

  assert.equal((await environment.stop()).status, 200);
  assert.equal(find().status.appState, 'Stopped');
  const cleaned = await environment.clean();
  assert.equal(cleaned.body.errorCode, 'ENVIRONMENT_CLEAN_FAILED');
  assert.equal((await world.server.call('DELETE', '/manage/1/apps/calc/environments/Test')).status, 200);
  assert.equal(find().spec.replicas, 0);
  assert.deepEqual([...new Set(api.requests.map(({ status }) => status))], [200]);
});

test('an operator that does nothing makes the start fail when its time is up, and the token is shown nowhere', async (t) => {
  const { world, api, environment } = await followGuide(t, { asleep: true }, { deployTimeoutMs: 3000 });
  const built = await world.build();
  await environment.transport(built.PackageId);
  const { body } = await environment.start();
  const ended = await until('the start ends', async () => {
    const answer = await environment.startStatus(body.JobId);
    return answer.body.Status !== 'Starting' && answer;
  });
  assert.equal(ended.body.errorCode, 'START_FAILED');
  assert.match(ended.body.errorMessage, /took longer than 3 s\. Raise SLIPWAY_DEPLOY_TIMEOUT/);
  assert.equal((await environment.get()).Status, 'Stopped');
  assert.ok(api.requests.length > 2);
  const shown = await world.server.call('GET', '/manage/1/apps/calc/environments');
  const [{ Target, TargetOptions }] = shown.body;
  assert.deepEqual([Target, TargetOptions.namespace, TargetOptions.linkTtl], ['kubernetes', 'apps', 7_776_000]);
  assert.doesNotMatch(JSON.stringify(shown.body), /not-a-secret/);
});

test('without a public address nobody can fetch a package, which a transport says', async (t) => {
  const { world, environment } = await followGuide(t, {}, { publicUrl: undefined });
  const built = await world.build();
  const { status, body } = await environment.transport(built.PackageId);
  assert.notEqual(status, 200);
  assert.equal(body.errorCode, 'TRANSPORT_FAILED');
  assert.match(body.errorMessage, /SLIPWAY_PUBLIC_URL is not set/);
});
