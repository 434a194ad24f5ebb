import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { type RequestOptions, request } from 'node:https';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { ConfigurationError, loadConfiguration } from '../../src/main/load-configuration.ts';
import { encryptKey, makeCertificate } from '../support/certificates.ts';
import { makeTestRepository } from '../support/git.ts';
import { runSlipway } from '../support/run-slipway.ts';
import { startServerProcess } from '../support/server-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

async function ask(url: string, options: RequestOptions, body = ''): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const sent = request(url, { agent: false, ...options }, (answer) => {
    buffer(answer).then((bytes) => resolve({ status: answer.statusCode ?? 0, body: bytes }), reject);
  });
  sent.on('error', reject).end(body);
  return promise;
}

test('with a certificate and its key, serve speaks TLS: calls, builds, links and downloads', async (context) => {
  const folder = await temporaryFolder(context);
  const { certFile, keyFile } = await makeCertificate(folder, 'slipway');
  const source = await makeTestRepository(join(folder, 'calc.git'), { mainBranch: 'main' });
  await source.commit([{ branch: 'main', files: { 'readme.txt': 'one' } }]);
  const tls = { SLIPWAY_TLS_CERT: certFile, SLIPWAY_TLS_KEY: keyFile };
  const server = await startServerProcess(join(folder, 'data'), tls);
  context.after(() => server.end('SIGKILL'));
  assert.match(server.url, /^https:/);
  const ca = await readFile(certFile);
  assert.equal((await ask(`${server.url}/readyz`, { ca })).status, 200);
  await assert.rejects(ask(`${server.url}/readyz`, {}), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  await assert.rejects(fetch(`${server.url.replace('https:', 'http:')}/readyz`), TypeError);

  const { username, apiKey } = server.admin;
  const headers = { 'Mendix-Username': username, 'Mendix-ApiKey': apiKey };
  const app = JSON.stringify({ AppId: 'calc', Repository: source.path });
  assert.equal((await ask(`${server.url}/manage/1/apps`, { ca, headers, method: 'POST' }, app)).status, 200);

  const variables = { SLIPWAY_URL: server.url, SLIPWAY_USERNAME: username, SLIPWAY_API_KEY: apiKey };
  const start = ['build', 'start', 'calc', '--revision', '1', '--version', '1.0.0', '--wait', '--json'];
  const distrustful = await runSlipway(context, folder, start, variables);
  assert.equal(distrustful.code, 6);
  assert.match(distrustful.stderr, /SELF_SIGNED_CERT.*NODE_EXTRA_CA_CERTS/);
  const built = await runSlipway(context, folder, start, { ...variables, NODE_EXTRA_CA_CERTS: certFile });
  assert.equal(built.code, 0, built.stderr);
  const { Url, Sha256 } = JSON.parse(built.stdout);
  assert.ok(Url.Location.startsWith(`${server.url}/`), Url.Location);
  const file = await ask(Url.Location, { ca });
  assert.deepEqual([file.status, hash('sha256', file.body)], [200, Sha256]);
  assert.equal(await server.end('SIGTERM'), 0);
});

test('a key that is not of the certificate stops the start, and nothing is made', async (context) => {
  const folder = await temporaryFolder(context);
  const { certFile } = await makeCertificate(folder, 'one');
  const { keyFile } = await makeCertificate(folder, 'other');
  const args = ['serve', '--port', '0', '--tls-cert', certFile, '--tls-key', keyFile];
  const { code, stdout, stderr } = await runSlipway(context, folder, args);
  assert.deepEqual([code, stdout], [2, '']);
  assert.equal(stderr, `tlsKey is '${keyFile}'; accepted is the private key of the certificate in '${certFile}'.\n`);
  await assert.rejects(stat(join(folder, 'data')));
});

test('each file that TLS cannot be served with is named', async (context) => {
  const folder = await temporaryFolder(context);
  const { certFile, keyFile } = await makeCertificate(folder, 'slipway');
  const encrypted = await encryptKey(keyFile);
  const broken = join(folder, 'broken.pem');
  await writeFile(broken, (await readFile(certFile, 'utf8')).replace(/\n.{20}/, '\n'));
  const brokenChain = join(folder, 'chain.pem');
  await writeFile(brokenChain, (await readFile(certFile, 'utf8')) + (await readFile(broken, 'utf8')));
  const cases: [string, string, RegExp][] = [
    [broken, keyFile, /^tlsCert is '.*broken\.pem'; accepted is the path of a file with a certificate in PEM\.$/],
    [keyFile, keyFile, /^tlsCert is '.*-key\.pem'; accepted is .* a certificate in PEM\.$/],
    [folder, keyFile, /^tlsCert is '.*'; accepted is the path of a file that can be read\.$/],
    [certFile, certFile, /^tlsKey is '.*-cert\.pem'; accepted is the path of a file with a private key in PEM /],
    [
      certFile,
      encrypted,
      /^tlsKey is '.*-encrypted\.pem'; accepted is .* a private key in PEM without a passphrase\.$/,
    ],
    [brokenChain, keyFile, /^tlsCert is '.*chain\.pem' and cannot be served with its key: .+\.$/],
  ];
  for (const [tlsCert, tlsKey, expected] of cases) {
    const flags = { tlsCert, tlsKey };
    await assert.rejects(loadConfiguration({ flags, environment: {}, configFile: undefined, folder }), (error) => {
      assert.ok(error instanceof ConfigurationError);
      assert.equal(error.mistakes.length, 1, error.message);
      assert.match(error.mistakes.join(), expected);
      return true;
    });
  }
});
