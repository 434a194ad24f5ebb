import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import {
  CHECKOUT,
  parseDocuments,
  readDeployFile,
  SANDBOX_CALLS,
  toMilliseconds,
  unknownVariables,
} from '../support/deploy-files.ts';

const text = await readDeployFile('compose.yaml');
const [compose] = parseDocuments(text);
const services = Object.entries<Record<string, unknown>>(compose.services);
const own = services.filter(([, { image }]) => String(image).startsWith('slipway:'));

test('the compose file is one by its schema, and its linter finds nothing', async () => {
  const manifest = createRequire(import.meta.url).resolve('dclint/package.json');
  // In the order of a story, and not of an alphabet.
  const orders = ['service-keys-order', 'services-alphabetical-order', 'top-level-properties-order'];
  const options = ['--max-warnings=0', '--color=false', ...orders.map((rule) => `--disable-rule=${rule}`)];
  const dclint = join(dirname(manifest), 'bin/dclint.cjs');
  await promisify(execFile)(process.execPath, [dclint, join(CHECKOUT, 'deploy/compose.yaml'), ...options]);
});

describe('every service', () => {
  for (const [name, service] of services) {
    test(`${name} can write only to its volumes, and gains no rights`, () => {
      assert.equal(service.read_only, true);
      assert.deepEqual(service.cap_drop, ['ALL']);
      assert.equal(service.cap_add, undefined);
      assert.equal(service.privileged, undefined);
      assert.ok((service.security_opt as string[]).includes('no-new-privileges=true'));
      assert.match(String(service.image), /:v?\d+\.\d+/);
    });
  }
});

test('there are a server and two workers, each with a volume of its own', () => {
  assert.deepEqual(
    own.map(([, { command }]) => (command as string[] | undefined)?.[0] ?? 'serve'),
    ['serve', 'worker', 'worker'],
  );
  const volumes = own.flatMap(([, service]) => service.volumes as string[]);
  assert.equal(new Set(volumes).size, own.length);
  for (const volume of volumes) assert.match(volume, /^[a-z0-9-]+:\/var\/lib\/slipway$/);
});

test('workers are looked at by the health check of the image, as the server is', () => {
  for (const [name, { command, environment, healthcheck }] of own) {
    assert.equal(healthcheck, undefined, name);
    if (command === undefined) continue;
    assert.match(String((environment as Record<string, string>).SLIPWAY_METRICS_PORT), /^\d+$/, name);
  }
});

test('what Slipway is told are settings that it has', () => {
  assert.deepEqual(unknownVariables(text), []);
});

test('the file for Garage is TOML, holds no secret, and says what the compose file relies on', async () => {
  const { image, command, environment, volumes, configs } = compose.services.garage;
  assert.match(image, /\/garage:v2\./);
  assert.deepEqual(configs, [{ source: 'garage', target: '/etc/garage.toml' }]);
  const file = join(CHECKOUT, 'deploy', compose.configs.garage.file);
  // What is at hand that reads TOML.
  const script = 'import json, sys, tomllib; print(json.dumps(tomllib.load(open(sys.argv[1], "rb"))))';
  const { stdout } = await promisify(execFile)('python3', ['-c', script, file]);
  const { s3_api: api, rpc_bind_addr: rpc, rpc_public_addr: publicRpc, ...own } = JSON.parse(stdout);
  const folders = volumes.map((volume: string) => volume.split(':')[1]);
  assert.ok(command.includes('--single-node'));
  assert.deepEqual(own, { metadata_dir: folders[0], data_dir: folders[1], replication_factor: 1 });
  const { AWS_ENDPOINT_URL_S3: endpoint, AWS_REGION: region, SLIPWAY_BLOBS: blobs } = compose['x-storage'];
  assert.equal(new URL(endpoint).hostname, 'garage');
  assert.deepEqual(api, { s3_region: region, api_bind_addr: `0.0.0.0:${new URL(endpoint).port}` });
  assert.equal(environment.GARAGE_DEFAULT_BUCKET, new URL(blobs).hostname);
  // There is no other node that may talk to it.
  assert.deepEqual([rpc, publicRpc], ['127.0.0.1:3901', '127.0.0.1:3901']);
});

test('running builds get the time that they are promised', () => {
  for (const [name, service] of own) {
    const { SLIPWAY_SHUTDOWN_GRACE: grace = '30s' } = service.environment as Record<string, string>;
    assert.ok(toMilliseconds(String(service.stop_grace_period)) > toMilliseconds(grace), name);
  }
});

test('the example of the environment names every secret, and holds none', async () => {
  const lines = (await readDeployFile('compose.env.example')).split('\n').filter((line) => /^[A-Z]/.test(line));
  const given = lines.map((line) => line.split('=')[0] ?? '');
  const asked = [...text.matchAll(/\$\{([A-Z_0-9]+):\?\}/g)].map(([, name = '']) => name);
  assert.deepEqual(given.toSorted(), [...new Set(asked)].toSorted());
  for (const line of lines) assert.ok(line.endsWith('=') || line.startsWith('SLIPWAY_PUBLIC_URL='), line);
});

test('the filter of system calls of workers lets a sandbox be made', async () => {
  const profile = JSON.parse(await readDeployFile('seccomp/slipway-worker.json'));
  const refused: string[] = profile.syscalls.flatMap(({ names }: { names: string[] }) => names);
  assert.deepEqual(refused, [...new Set(refused)].toSorted());
  assert.deepEqual(
    SANDBOX_CALLS.filter((call) => refused.includes(call)),
    [],
  );
  for (const call of ['bpf', 'init_module', 'io_uring_setup', 'keyctl', 'kexec_load', 'perf_event_open']) {
    assert.ok(refused.includes(call), call);
  }
  for (const [name, { command, security_opt: options }] of own) {
    if (command === undefined) continue;
    assert.ok((options as string[]).includes('seccomp=./seccomp/slipway-worker.json'), name);
  }
});
