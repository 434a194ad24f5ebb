import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { DeploymentFailure } from '../../src/deployment/deployment-target.ts';
import { kubernetesTarget } from '../../src/deployment/kubernetes/kubernetes-target.ts';
import { makeCertificate } from '../support/certificates.ts';
import { NAMESPACE, openKubernetesWorld, QUICK } from '../support/kubernetes/target-world.ts';
import { targetPackage } from '../support/target-package.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const { signal } = new AbortController();
const settings = { constants: {}, customSettings: {}, scheduledEvents: {} };
const order = () => ({ id: randomUUID(), package: targetPackage(), autoSyncDb: false, settings });

const failing = (words: RegExp) => (error: unknown) => {
  assert.ok(error instanceof DeploymentFailure, String(error));
  assert.match(error.message, words);
  assert.doesNotMatch(error.message, /not-a-secret/);
  return true;
};

test('a token that is unknown or may too little is told from a resource that is not there', async (t) => {
  const { api, target, addEnvironment } = await openKubernetesWorld(t);
  const transport = (options: Readonly<Record<string, unknown>>) => {
    const environment = addEnvironment('calc', options);
    return target.transport(environment, targetPackage(), signal);
  };
  const which = "the MendixApp 'calc' in the namespace 'apps'";
  await assert.rejects(transport({ token: 'another' }), failing(new RegExp(`does not know the token for ${which}`)));
  const rights = /the verbs get and patch on mendixapps\.privatecloud\.mendix\.com\.$/;
  for (const token of [api.addToken({ [NAMESPACE]: ['get'] }), api.addToken({ others: ['get', 'patch'] })]) {
    await assert.rejects(
      transport({ token }),
      failing(new RegExp(`may not read and change ${which}.*${rights.source}`)),
    );
  }
  await transport({ token: api.addToken({ [NAMESPACE]: ['get', 'patch'] }) });
  const missing =
    /there is no MendixApp 'none' in the namespace 'apps': create it, or name another in the option resource/;
  await assert.rejects(transport({ resource: 'none' }), failing(missing));
  api.isInstalled = false;
  await assert.rejects(transport({}), failing(/has no mendixapps\..*: install the Mendix operator/));
});

test('a change that the definition does not allow is refused in its words', async (t) => {
  const { target, addEnvironment } = await openKubernetesWorld(t);
  const environment = addEnvironment('calc', {}, { replicas: 0, runtime: { dtapMode: 'X' } });
  await assert.rejects(
    target.start(environment, order(), signal),
    failing(/refuses .*, 422: .*spec\.runtime\.dtapMode/),
  );
});

test('a change by somebody else is looked at before ours is made', async (t) => {
  const { api, target, addEnvironment, findRunning } = await openKubernetesWorld(t);
  const environment = addEnvironment('calc');
  let others = 2;
  api.beforePatch = () => {
    if (others-- <= 0) return;
    const app = api.apps.find(NAMESPACE, 'calc') ?? assert.fail('It is there.');
    api.apps.change(app, { spec: { ...app.spec, appURL: `calc-${others}.example.com` } });
  };
  const start = order();
  await target.start(environment, start, signal);
  assert.match(findRunning('calc') ?? '', new RegExp(start.package.id));
  assert.equal(api.apps.find(NAMESPACE, 'calc')?.spec.appURL, 'calc-0.example.com');
  assert.ok(api.requests.some(({ status }) => status === 409));

  others = Number.MAX_SAFE_INTEGER;
  await assert.rejects(target.transport(environment, targetPackage(), signal), failing(/others change .* 'calc'/));
});

test('what passes is tried again, and given up after a while', async (t) => {
  const { api, target, addEnvironment } = await openKubernetesWorld(t);
  const environment = addEnvironment('calc');
  api.meet(503, 'drop', 500, 429);
  await target.transport(environment, targetPackage(), signal);
  api.meet(503, 503, 503, 503, 503);
  const answers = /^the Kubernetes API at 127\.0\.0\.1:\d+ answers 503 \(try again later\): try it again\.$/;
  await assert.rejects(target.transport(environment, targetPackage(), signal), failing(answers));
  api.meet('drop', 'drop', 'drop', 'drop', 'drop');
  await assert.rejects(
    target.transport(environment, targetPackage(), signal),
    failing(/does not answer \(.*option server/),
  );
});

test('an API that is away while an app starts is waited for', async (t) => {
  const built = Promise.withResolvers<void>();
  const { api, target, addEnvironment, findRunning } = await openKubernetesWorld(t, { build: () => built.promise });
  const environment = addEnvironment('calc');
  const begun = order();
  const starting = target.start(environment, begun, signal);
  await until('it is changed', () => api.requests.some(({ method, status }) => method === 'PATCH' && status === 200));
  api.meet(...Array.from({ length: 12 }, (_, index) => (index % 2 === 0 ? ('drop' as const) : 500)));
  await until('the failures were met', () => api.requests.filter(({ status }) => status === 500).length === 6);
  built.resolve();
  await starting;
  assert.match(findRunning('calc') ?? '', new RegExp(begun.package.id));
});

test('a server whose authority is not named is not trusted, and not tried again', async (t) => {
  const { api, target, addEnvironment } = await openKubernetesWorld(t);
  const folder = await temporaryFolder(t);
  const other = await readFile((await makeCertificate(folder, 'other')).certFile, 'utf8');
  for (const ca of [undefined, other]) {
    const { options, ...environment } = addEnvironment('calc', { ...(ca !== undefined && { ca }) });
    const known =
      ca === undefined ? Object.fromEntries(Object.entries(options).filter(([name]) => name !== 'ca')) : options;
    const transport = target.transport({ ...environment, options: known }, targetPackage(), signal);
    await assert.rejects(transport, failing(/certificate of 127\.0\.0\.1:\d+ is not trusted .* in the option ca/));
  }
  assert.deepEqual(api.requests, []);
});

test('a redirection is not followed, and what is no Kubernetes API is said to be none', async (t) => {
  const { api, target, addEnvironment } = await openKubernetesWorld(t);
  const { certFile, keyFile } = await makeCertificate(await temporaryFolder(t), 'proxy');
  const [cert, key] = [await readFile(certFile, 'utf8'), await readFile(keyFile, 'utf8')];
  let status = 302;
  const server = createServer({ cert, key }, (request, response) =>
    response.writeHead(status, { Location: api.server + (request.url ?? '') }).end('<html>'),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const environment = addEnvironment('calc', {
    server: `https://localhost:${(server.address() as AddressInfo).port}`,
    ca: cert,
  });
  await assert.rejects(target.transport(environment, targetPackage(), signal), failing(/refuses .*, 302/));
  assert.deepEqual(api.requests, []);
  status = 200;
  await assert.rejects(
    target.transport(environment, targetPackage(), signal),
    failing(/something else than a MendixApp/),
  );
});

test('an API below a path is reached there', async (t) => {
  const { api, target, addEnvironment } = await openKubernetesWorld(t);
  await target.transport(addEnvironment('calc', { server: `${api.server}/clusters/c-1/` }), targetPackage(), signal);
  assert.equal(api.requests.length, 2);
});

test('in a cluster, the account of the pod is used, with the token that it has at that time', async (t) => {
  const { api, addEnvironment } = await openKubernetesWorld(t);
  const folder = await temporaryFolder(t);
  const tokenFile = join(folder, 'token');
  const ownCluster = { server: api.server, tokenFile, caFile: api.caFile };
  const target = kubernetesTarget({ clock: Date.now, ownCluster, pacing: QUICK });
  const options = target.parseOptions({ namespace: NAMESPACE }, undefined);
  const environment = { ...addEnvironment('calc'), options };
  await assert.rejects(
    target.transport(environment, targetPackage(), signal),
    failing(/token cannot be read: let its pod/),
  );
  await writeFile(tokenFile, 'long-gone');
  await assert.rejects(target.transport(environment, targetPackage(), signal), failing(/does not know the token/));
  await writeFile(join(folder, 'next'), `${api.token}\n`);
  await rename(join(folder, 'next'), tokenFile);
  await target.transport(environment, targetPackage(), signal);

  const elsewhere = kubernetesTarget({ clock: Date.now, pacing: QUICK });
  await assert.rejects(
    elsewhere.transport(environment, targetPackage(), signal),
    failing(/runs in no cluster any more/),
  );
});

test('a token of a pod that is replaced while an app starts is the one that is used from then on', async (t) => {
  const built = Promise.withResolvers<void>();
  const { api, addEnvironment, findRunning } = await openKubernetesWorld(t, { build: () => built.promise });
  const tokenFile = join(await temporaryFolder(t), 'token');
  await writeFile(tokenFile, api.token);
  const ownCluster = { server: api.server, tokenFile, caFile: api.caFile };
  const target = kubernetesTarget({ clock: Date.now, ownCluster, pacing: QUICK });
  const options = target.parseOptions({ namespace: NAMESPACE }, undefined);
  const begun = order();
  const starting = target.start({ ...addEnvironment('calc'), options }, begun, signal);
  await until('it is changed', () => api.requests.some(({ method, status }) => method === 'PATCH' && status === 200));
  // The old one goes on being good for a while, as in a cluster.
  await writeFile(`${tokenFile}.next`, api.addToken({ [NAMESPACE]: ['get', 'patch'] }));
  await rename(`${tokenFile}.next`, tokenFile);
  const seen = api.requests.length;
  await until('the new one is read', () => api.requests.length > seen + 2);
  api.revoke(api.token);
  built.resolve();
  await starting;
  assert.match(findRunning('calc') ?? '', new RegExp(begun.package.id));
});

test('what was deleted from the cluster is stopped, but not where the kind is unknown', async (t) => {
  const { api, target, addEnvironment } = await openKubernetesWorld(t);
  const environment = addEnvironment('calc');
  await target.start(environment, order(), signal);
  api.apps.remove(NAMESPACE, 'calc');
  await target.stop(environment, signal);
  await assert.rejects(target.start(environment, order(), signal), failing(/there is no MendixApp 'calc'/));
  api.isInstalled = false;
  await assert.rejects(target.stop(environment, signal), failing(/install the Mendix operator/));
});

test('data is not removed, and that is said', async (t) => {
  const { api, target, addEnvironment } = await openKubernetesWorld(t);
  await assert.rejects(target.clean(addEnvironment('calc'), signal), failing(/removes no data .*: empty its database/));
  assert.deepEqual(api.requests, []);
});
