import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { dirname, join, normalize } from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import {
  CHECKOUT,
  IMAGE_USER,
  listDeployFiles,
  parseDocuments,
  readDeployFile,
  toMilliseconds,
  unknownVariables,
} from '../support/deploy-files.ts';
import { checkManifests, type Manifest } from '../support/kubernetes-schemas.ts';

const paths = await listDeployFiles('kubernetes/**/*.yaml');
const texts = new Map(await Promise.all(paths.map(async (path) => [path, await readDeployFile(path)] as const)));
const documents = new Map([...texts].map(([path, text]) => [path, parseDocuments(text)]));
const kustomizations = [...documents].filter(([path]) => path.endsWith('/kustomization.yaml'));

/** What a kustomization names, as paths below `deploy/`. */
function namedBy(path: string, { resources = [], components = [], patches = [] }: Record<string, never[]>): string[] {
  const files = patches.map(({ path: patch }: { path?: string }) => patch).filter((patch) => patch !== undefined);
  return [...resources, ...components, ...files].map((name) => normalize(join(dirname(path), name)));
}

const named = kustomizations.flatMap(([path, [content]]) => namedBy(path, content));
const patches = kustomizations.flatMap(([path, [{ patches = [] }]]) => namedBy(path, { patches }));
const manifests: readonly Manifest[] = [...documents]
  .filter(([path]) => !path.endsWith('/kustomization.yaml') && !patches.includes(path))
  .flatMap(([, all]) => all);

function find(kind: string, name: string, among = manifests): Manifest {
  const manifest = among.find((one) => one.kind === kind && one.metadata.name === name);
  assert.ok(manifest, `${kind} ${name}`);
  return manifest;
}

const workloads = [find('Deployment', 'slipway-server'), find('StatefulSet', 'slipway-worker')];

test('every file is named by a kustomization, and every name leads to a file', () => {
  const files = paths.filter((path) => !path.endsWith('/kustomization.yaml'));
  assert.deepEqual(
    files.filter((path) => !named.includes(path)),
    [],
  );
  const there = new Set([...paths, ...kustomizations.map(([path]) => dirname(path))]);
  assert.deepEqual(
    named.filter((path) => !there.has(path)),
    [],
  );
});

test('the manifests are what the schemas of Kubernetes, KEDA and the Prometheus operator say', async (t) => {
  await checkManifests(t, manifests);
});

test('a field that there is none of is found', async (t) => {
  const server = structuredClone(find('Deployment', 'slipway-server'));
  server.spec.template.spec.containers[0].readinesProbe = {};
  await assert.rejects(checkManifests(t, [server]), /readinesProbe/);
});

describe('every pod', () => {
  for (const { metadata, spec } of workloads) {
    test(`of ${metadata.name} is as restricted as Kubernetes knows how, and has no token`, () => {
      const { securityContext, automountServiceAccountToken, containers } = spec.template.spec;
      assert.equal(automountServiceAccountToken, false);
      assert.equal(securityContext.runAsNonRoot, true);
      assert.equal(securityContext.runAsUser, IMAGE_USER);
      assert.equal(securityContext.fsGroup, IMAGE_USER);
      assert.deepEqual(securityContext.seccompProfile, { type: 'RuntimeDefault' });
      for (const container of containers) {
        assert.deepEqual(container.securityContext, {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
      }
    });

    test(`of ${metadata.name} lets running builds have the time that they are promised`, () => {
      const { terminationGracePeriodSeconds, containers } = spec.template.spec;
      const [{ env, lifecycle }] = containers;
      const grace = env.find(({ name }: { name: string }) => name === 'SLIPWAY_SHUTDOWN_GRACE').value;
      const waited = lifecycle?.preStop.sleep.seconds ?? 0;
      assert.ok(terminationGracePeriodSeconds > waited + toMilliseconds(grace) / 1000);
    });
  }
});

test('servers and workers are asked by the paths that they answer, at ports that they listen on', () => {
  for (const [index, port] of ['http', 'metrics'].entries()) {
    const [container] = workloads[index]?.spec.template.spec.containers ?? [];
    const probes = [container.startupProbe, container.readinessProbe, container.livenessProbe];
    assert.deepEqual(
      probes.map((probe) => probe.httpGet),
      ['/healthz', '/readyz', '/healthz'].map((path) => ({ path, port })),
    );
    const metricsPort = container.env.find(({ name }: { name: string }) => name === 'SLIPWAY_METRICS_PORT').value;
    const metrics = { name: 'metrics', containerPort: Number(metricsPort) };
    assert.deepEqual(container.ports, index === 0 ? [{ name: 'http', containerPort: 4400 }, metrics] : [metrics]);
  }
});

test('Prometheus reads servers and workers, at the port for that', () => {
  const { selector, podMetricsEndpoints } = find('PodMonitor', 'slipway').spec;
  assert.deepEqual(selector.matchLabels, { 'app.kubernetes.io/part-of': 'slipway' });
  const policy = find('NetworkPolicy', 'slipway-prometheus').spec;
  assert.deepEqual(policy.podSelector, selector);
  for (const { port } of [...podMetricsEndpoints, ...policy.ingress[0].ports]) assert.equal(port, 'metrics');
});

test('a worker is reached by Prometheus alone, and a server by clients and Prometheus', () => {
  const policies = manifests.filter(({ kind }) => kind === 'NetworkPolicy');
  const selecting = (component: string) =>
    policies.filter(({ spec }) => {
      const labels = { 'app.kubernetes.io/part-of': 'slipway', 'app.kubernetes.io/component': component };
      return Object.entries(spec.podSelector.matchLabels).every(
        ([name, value]) => labels[name as keyof typeof labels] === value,
      );
    });
  const letsIn = (component: string) => selecting(component).filter(({ spec }) => spec.ingress !== undefined);
  for (const component of ['server', 'worker']) {
    assert.ok(
      selecting(component).some(({ spec }) => ['Ingress', 'Egress'].every((type) => spec.policyTypes.includes(type))),
    );
  }
  const namesOf = (component: string) => letsIn(component).map(({ metadata }) => metadata.name);
  assert.deepEqual(namesOf('worker'), ['slipway-prometheus']);
  assert.deepEqual(namesOf('server'), ['slipway-clients', 'slipway-prometheus']);
});

test('as many builds are given to a worker as it has slots', () => {
  const { triggers, scaleTargetRef } = find('ScaledObject', 'slipway-worker').spec;
  const worker = find('StatefulSet', scaleTargetRef.name);
  const [{ env }] = worker.spec.template.spec.containers;
  const slots = env.find(({ name }: { name: string }) => name === 'SLIPWAY_BUILD_SLOTS').value;
  assert.equal(triggers[0].metadata.threshold, slots);
});

test('what Slipway is told are settings that it has', () => {
  assert.deepEqual(unknownVariables([...texts.values()].join('\n')), []);
});

async function kustomize(folder: string): Promise<readonly Manifest[]> {
  const { stdout } = await promisify(execFile)('kubectl', ['kustomize', join(CHECKOUT, 'deploy/kubernetes', folder)]);
  return parseDocuments(stdout);
}

/** @returns why not, where there is no kubectl here that knows components and labels */
async function lacksKustomize(): Promise<string | false> {
  const asked = promisify(execFile)('kubectl', ['version', '--client', '--output=json']);
  const version = await asked.then(
    ({ stdout }) => JSON.parse(stdout).kustomizeVersion,
    () => undefined,
  );
  return /^v[5-9]/.test(String(version)) ? false : 'there is no kubectl here with kustomize 5';
}

describe('built by kustomize', { skip: await lacksKustomize() }, () => {
  test('the base is what the schemas say, and pods find their settings', async (t) => {
    const built = await kustomize('base');
    await checkManifests(t, built);
    const settings = built.find(({ kind }) => kind === 'ConfigMap')?.metadata.name;
    for (const { kind, metadata } of workloads) {
      const [container] = find(kind, metadata.name, built).spec.template.spec.containers;
      assert.equal(container.envFrom[0].configMapRef.name, settings);
      assert.equal(container.image, 'slipway:0.1.0');
    }
  });

  test('the example has pods that may use a sandbox, and no rights more', async (t) => {
    const built = await kustomize('overlays/example');
    await checkManifests(t, built);
    const worker = find('StatefulSet', 'slipway-worker', built);
    const { hostUsers, containers } = worker.spec.template.spec;
    assert.equal(hostUsers, false);
    assert.deepEqual(containers[0].securityContext, {
      allowPrivilegeEscalation: false,
      appArmorProfile: { type: 'Unconfined' },
      capabilities: { drop: ['ALL'] },
      procMount: 'Unmasked',
      readOnlyRootFilesystem: true,
      seccompProfile: { type: 'Localhost', localhostProfile: 'slipway-worker.json' },
    });
    // The number of workers is the scaler's.
    assert.equal(worker.spec.replicas, undefined);
    assert.deepEqual(
      find('Deployment', 'slipway-server', built).spec.template.spec.containers[0].securityContext,
      workloads[0]?.spec.template.spec.containers[0].securityContext,
    );
  });
});
