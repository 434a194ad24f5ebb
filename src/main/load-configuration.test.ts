import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ConfigurationError, type ConfigurationSources, loadConfiguration } from './load-configuration.ts';

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-configuration-'));
});
after(() => rm(folder, { recursive: true, force: true }));

function load(sources: Partial<ConfigurationSources>) {
  return loadConfiguration({ flags: {}, environment: {}, configFile: undefined, folder, ...sources });
}

async function mistakesOf(sources: Partial<ConfigurationSources>): Promise<readonly string[]> {
  const error = await load(sources).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof ConfigurationError);
  return error.mistakes;
}

async function writeConfig(name: string, text: string): Promise<string> {
  await writeFile(join(folder, name), text);
  return name;
}

test('without anything given, the defaults hold', async () => {
  const { buildSlots, ...rest } = await load({});
  assert.ok(buildSlots >= 1);
  assert.deepEqual(rest, {
    host: '127.0.0.1',
    port: 4400,
    metricsAddress: undefined,
    dataFolder: join(folder, 'data'),
    buildsPerApp: 256,
    buildTimeoutMs: 1_800_000,
    deployTimeoutMs: 900_000,
    deployFolders: [],
    repositoryTimeoutMs: 10_000,
    fetchTimeoutMs: 600_000,
    repositoryCaFile: undefined,
    databaseUrl: undefined,
    adminKey: undefined,
    secretKey: undefined,
    publicUrl: undefined,
    linkTtlSeconds: 900,
    downloads: 'server',
    s3: undefined,
    uploadLimitBytes: 2 ** 30,
    cacheSizeBytes: 2 ** 31,
    mxbuildMirror: 'https://cdn.mendix.com/runtime/mxbuild-{version}.tar.gz',
    javaHomes: ['/usr/lib/jvm'],
    warmMxbuilds: 2,
    warmMxbuildIdleMs: 600_000,
    sandbox: 'auto',
    sandboxEngine: undefined,
    sandboxImage: undefined,
    sandboxPull: 'missing',
    sandboxNetwork: undefined,
    sandboxFolders: [],
    buildMemoryBytes: 4 * 2 ** 30,
    buildDiskBytes: 10 * 2 ** 30,
    buildProcesses: 1024,
    buildCacheBytes: 5 * 2 ** 30,
    webhookNetworks: [],
    traces: 'off',
    shutdownGraceMs: 30_000,
    trustProxy: false,
    logLevel: 'info',
  });
});

test('a flag wins over the environment, the environment over the file, the file over the default', async () => {
  const configFile = await writeConfig('order.yaml', 'port: 3\nhost: file.example\nbuildSlots: 3\nlinkTtl: 5m\n');
  const environment = { SLIPWAY_PORT: '2', SLIPWAY_HOST: 'environment.example' };
  const configuration = await load({ flags: { port: '1' }, environment, configFile });
  assert.equal(configuration.port, 1);
  assert.equal(configuration.host, 'environment.example');
  assert.equal(configuration.buildSlots, 3);
  assert.equal(configuration.linkTtlSeconds, 300);
});

test('PORT counts when SLIPWAY_PORT is empty or not set', async () => {
  assert.equal((await load({ environment: { PORT: '81' } })).port, 81);
  assert.equal((await load({ environment: { PORT: '81', SLIPWAY_PORT: '' } })).port, 81);
  assert.equal((await load({ environment: { PORT: '81', SLIPWAY_PORT: '82' } })).port, 82);
});

test('a port for metrics is reached from this machine alone, unless it is said otherwise', async () => {
  const environment = { SLIPWAY_METRICS_PORT: '4401' };
  assert.deepEqual((await load({ environment })).metricsAddress, { host: '127.0.0.1', port: 4401 });
  const flags = { metricsHost: '::' };
  assert.deepEqual((await load({ environment, flags })).metricsAddress, { host: '::', port: 4401 });
  assert.equal((await load({ flags })).metricsAddress, undefined);
});

test('slipway.config.yaml in the current folder is found, and its paths are relative to it', async () => {
  const place = await mkdtemp(join(folder, 'place-'));
  await writeFile(join(place, 'slipway.config.yaml'), 'data: kept\n');
  assert.equal((await load({ folder: place })).dataFolder, join(place, 'kept'));
  const configFile = join(place, 'slipway.config.yaml');
  assert.equal((await load({ configFile })).dataFolder, join(place, 'kept'));
});

test('every mistake is reported, each with its value, where it came from, and what is accepted', async () => {
  const configFile = await writeConfig('mistakes.yaml', 'logLevel: loud\nbuild_slots: 2\ncacheSize: {a: 1}\n');
  const mistakes = await mistakesOf({
    flags: { port: '70000' },
    environment: { SLIPWAY_LINK_TTL: 'soon', SLIPWAY_TLS_CERT: 'missing.pem' },
    configFile,
  });
  assert.deepEqual(mistakes, [
    "mistakes.yaml, line 2: there is no setting 'build_slots'. Did you mean 'buildSlots'?",
    "mistakes.yaml, line 3: 'cacheSize' takes a single value.",
    "port is '70000' (from --port); accepted is a whole number from 0 to 65535.",
    "linkTtl is 'soon' (from SLIPWAY_LINK_TTL); accepted is a duration from 1s to 30d, such as '900s' or '1h'; a bare number is seconds.",
    "logLevel is 'loud' (from mistakes.yaml, line 1); accepted is 'fatal', 'error', 'warn', 'info', 'debug', 'trace' or 'silent'.",
    'tlsCert is given and tlsKey is not; give both for TLS, or neither.',
  ]);
});

test('a file that was asked for must be there and must be YAML', async () => {
  assert.deepEqual(await mistakesOf({ configFile: 'none.yaml' }), [
    `The configuration file '${join(folder, 'none.yaml')}' does not exist.`,
  ]);
  const broken = await writeConfig('broken.yaml', 'port: "4400\n');
  assert.match((await mistakesOf({ configFile: broken })).join('\n'), /^broken\.yaml, line \d+: /);
  const list = await writeConfig('list.yaml', '- port\n');
  assert.deepEqual(await mistakesOf({ environment: { SLIPWAY_CONFIG: list } }), [
    "list.yaml is not a list of 'setting: value'.",
  ]);
});

test('certificate and key must both be readable, and be what they are given as', async () => {
  const tlsCert = await writeConfig('cert.pem', 'no certificate');
  assert.deepEqual(await mistakesOf({ flags: { repositoryCa: tlsCert } }), [
    `repositoryCa is '${join(folder, 'cert.pem')}'; accepted is the path of a file with certificates in PEM.`,
  ]);
  assert.deepEqual(await mistakesOf({ flags: { tlsCert, tlsKey: 'key.pem' } }), [
    `tlsCert is '${join(folder, 'cert.pem')}'; accepted is the path of a file with a certificate in PEM.`,
    `tlsKey is '${join(folder, 'key.pem')}'; accepted is the path of a file that can be read.`,
  ]);
});

test('proxies are trusted by name: everybody, nobody, or addresses and networks', async () => {
  assert.equal((await load({ flags: { trustProxy: 'TRUE' } })).trustProxy, true);
  const configFile = await writeConfig('proxy.yaml', 'trustProxy: [10.0.0.0/8, "::1"]\n');
  assert.deepEqual((await load({ configFile })).trustProxy, ['10.0.0.0/8', '::1']);
  assert.equal((await mistakesOf({ flags: { trustProxy: '10.0.0.0/33' } })).length, 1);
});

test('the public address loses its trailing slash and must be http or https', async () => {
  const { publicUrl } = await load({ flags: { publicUrl: 'https://Build.example/slipway/' } });
  assert.equal(publicUrl, 'https://build.example/slipway');
  assert.equal((await mistakesOf({ flags: { publicUrl: 'ftp://build.example' } })).length, 1);
});

test('a key is read in every form, and a wrong one is not shown', async () => {
  const key = Buffer.alloc(32, 7);
  for (const form of ['hex', 'base64'] as const) {
    const { secretKey } = await load({ environment: { SLIPWAY_SECRET_KEY: key.toString(form) } });
    assert.deepEqual(secretKey, key);
  }
  assert.deepEqual(await mistakesOf({ environment: { SLIPWAY_SECRET_KEY: 'hunter2' } }), [
    'secretKey (from SLIPWAY_SECRET_KEY) is not valid; accepted is 32 bytes as 64 hex digits or as base64.',
  ]);
});

test('a user and a password in an address that is not accepted are not shown', async () => {
  const flags = { mxbuildMirror: 'https://user:hunter2@mirror.example/mxbuild.tar.gz' };
  assert.deepEqual(await mistakesOf({ flags }), [
    "mxbuildMirror is 'https://mirror.example/mxbuild.tar.gz' (from --mxbuild-mirror); accepted is a URL or the path of an archive, with '{version}' in it, or 'none'.",
  ]);
});

test('an S3 store is named by its address, with what goes with it', async () => {
  const environment = {
    SLIPWAY_BLOBS: 's3://packages/slipway',
    SLIPWAY_S3_PATH_STYLE: 'true',
    SLIPWAY_S3_ENCRYPTION: 'AWS:KMS',
    SLIPWAY_S3_KMS_KEY: 'alias/packages',
    SLIPWAY_DOWNLOADS: 'store',
  };
  const { s3, downloads } = await load({ environment });
  assert.deepEqual(s3, {
    address: { bucket: 'packages', prefix: 'slipway/' },
    pathStyle: true,
    encryption: { algorithm: 'aws:kms', keyId: 'alias/packages' },
  });
  assert.equal(downloads, 'store');
});

test('what does not go together in the settings of an S3 store is a mistake', async () => {
  assert.deepEqual(await mistakesOf({ flags: { downloads: 'store', s3KmsKey: 'alias/packages' } }), [
    "s3KmsKey is given, and packages are not encrypted with it; give 'aws:kms' for s3Encryption, and blobs.",
    "downloads is 'store' and blobs is not given; give the address of an S3 store, or leave downloads away.",
  ]);
  assert.deepEqual(await mistakesOf({ flags: { downloads: 'store', blobs: 's3://packages', linkTtl: '8d' } }), [
    'linkTtl is longer than the 7 days that links of S3 are valid; make it shorter, or leave downloads away.',
  ]);
  assert.deepEqual(await mistakesOf({ flags: { blobs: 'packages' } }), [
    "blobs is 'packages' (from --blobs); accepted is 's3://bucket' or 's3://bucket/prefix'.",
  ]);
});
