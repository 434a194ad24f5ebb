import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { samplePayload } from '../../src/domain/sample-payload.ts';
import { EVENT_TYPES } from '../../src/protocol/webhook-events.ts';
import { openBuildApiWorld } from '../support/build-api-world.ts';
import { openCommandLine } from '../support/command-line.ts';
import { findFreePort } from '../support/find-free-port.ts';
import { listBlocks, splitWords } from '../support/page-blocks.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const GUIDE = await readFile(new URL('../../docs/webhooks.md', import.meta.url), 'utf8');
const BLOCKS = listBlocks(GUIDE).filter(({ mark }) => mark?.includes('webhooks-guide.test.ts'));
const isProgram = (text: string) => text.includes('WEBHOOK_SECRET');
const [CREATE = '', REPLACE = '', LOOK = ''] = BLOCKS.flatMap(({ text }) => (isProgram(text) ? [] : [text]));

function programIn(language: string): string {
  const block = BLOCKS.find(({ text, ...one }) => one.language === language && isProgram(text));
  return block?.text ?? assert.fail(`The guide has no receiver in ${language}.`);
}

/** What of a receiver is its own: how it is run in a folder, and what stands in its address after the port. */
interface Receiver {
  readonly path: string;
  prepare(folder: string, port: number): Promise<readonly [command: string, ...args: string[]]>;
}

const RECEIVERS: Readonly<Record<string, Receiver>> = {
  'Node.js': {
    path: '/hook',
    async prepare(folder) {
      await writeFile(join(folder, 'receive.mjs'), programIn('js'));
      await symlink(fileURLToPath(new URL('../../node_modules', import.meta.url)), join(folder, 'node_modules'));
      return [process.execPath, 'receive.mjs'];
    },
  },
  Python: {
    path: '/hook',
    async prepare(folder) {
      await writeFile(join(folder, 'receive.py'), programIn('python'));
      return ['python3', 'receive.py'];
    },
  },
  bash: {
    path: '/cgi-bin/hook',
    async prepare(folder, port) {
      const script = join(folder, 'www', 'cgi-bin', 'hook');
      await mkdir(dirname(script), { recursive: true });
      await writeFile(script, programIn('bash'));
      await chmod(script, 0o755);
      return ['busybox', 'httpd', '-f', '-p', `127.0.0.1:${port}`, '-h', 'www'];
    },
  },
};

/** Runs a receiver with the secret that is in the folder. @returns its address, and what it has printed */
async function runReceiver(t: TestContext, receiver: Receiver, folder: string) {
  const port = await findFreePort();
  await mkdir(join(folder, 'seen'));
  const [command, ...args] = await receiver.prepare(folder, port);
  const secret = (await readFile(join(folder, 'webhook.secret'), 'utf8')).trim();
  const child = spawn(command, args, {
    cwd: folder,
    env: { PATH: process.env.PATH, WEBHOOK_SECRET: secret, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  t.after(() => {
    child.kill('SIGKILL');
    return ended;
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      printed += chunk;
    });
  }
  const url = `http://127.0.0.1:${port}${receiver.path}`;
  await until('the receiver answers', () =>
    fetch(url).then(
      () => true,
      () => false,
    ),
  );
  return { url, printed: () => printed };
}

for (const [name, receiver] of Object.entries(RECEIVERS)) {
  test(`the receiver in ${name} of docs/webhooks.md acts once, on what is genuine, with the commands of the page`, async (t) => {
    const world = await openBuildApiWorld(t, { webhookNetworks: ['127.0.0.1'] });
    const folder = await temporaryFolder(t);
    const [makeSecret = '', create = '', sendTest = ''] = CREATE.trim().split('\n');
    await promisify(execFile)('sh', ['-c', makeSecret], { cwd: folder });
    const { url, printed } = await runReceiver(t, receiver, folder);
    const slipway = openCommandLine(folder, {
      SLIPWAY_URL: world.server.url,
      SLIPWAY_USERNAME: world.richard.username,
      SLIPWAY_API_KEY: world.richard.apiKey,
    });
    const run = async (line: string) => {
      const outcome = await slipway.run(splitWords(line).slice(1));
      assert.equal(outcome.code, 0, `${line}: ${outcome.stderr}${outcome.stdout}${printed()}`);
      return outcome.stdout;
    };
    const count = (words: string) => printed().split(words).length - 1;

    assert.ok(create.includes('https://ci.example.com/hook'));
    const created = JSON.parse(await run(`${create.replace('https://ci.example.com/hook', url)} --json`));
    const filled = (line: string, message = '') => line.replace('<webhook>', created.id).replace('<message>', message);
    assert.match(await run(filled(sendTest)), /^Status +Delivered$/m);
    assert.equal(count('build.succeeded calc Main line-1.0.0.5f0c2b8d.mda'), 1);

    const { Name, PackageId } = await world.build();
    const acted = `build.succeeded calc ${Name}`;
    await until('it has acted on the build', () => count(acted) === 1);
    // It has printed what it does before it answers.
    const { id } = await until('the message was delivered', async () => {
      const [newest] = JSON.parse(await run(`slipway webhook messages calc ${created.id} --json`));
      return newest?.status === 'Delivered' && newest;
    });
    for (const line of LOOK.trim().split('\n')) await run(filled(line, id));
    await until('it has come again', async () => {
      const message = JSON.parse(await run(`slipway webhook message calc ${created.id} ${id} --json`));
      assert.equal(message.payload.packageId, PackageId);
      return message.log.length === 2 && message.status === 'Delivered';
    });
    assert.equal(count(acted), 1, 'the same message is acted upon once');

    const former = (await readFile(join(folder, 'webhook.secret'), 'utf8')).trim();
    const [another = '', replace = ''] = REPLACE.trim().split('\n');
    await promisify(execFile)('sh', ['-c', another], { cwd: folder });
    await run(filled(replace));
    assert.match(await run(filled(sendTest)), /^Status +Delivered$/m, 'the former secret signs as well');

    await refusesForgeries(url, former);
    assert.equal(count('forged'), 0);
    assert.equal((await readdir(join(folder, 'seen'))).length, 3);
  });
}

/** Posts what a receiver has to refuse, and then what it would take of the same kind. */
async function refusesForgeries(url: string, secret: string): Promise<void> {
  const body = JSON.stringify({ eventType: 'forged', appId: 'calc', name: 'forged' });
  const now = Math.floor(Date.now() / 1000);
  const post = async (timestamp: number | string, signature?: string) => {
    const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
    const hmac = createHmac('sha256', key).update(`msg_forged.${timestamp}.${body}`).digest('base64');
    const headers = {
      'webhook-id': 'msg_forged',
      'webhook-timestamp': String(timestamp),
      'webhook-signature': signature ?? `v1,${hmac}`,
    };
    return (await fetch(url, { method: 'POST', headers, body })).status;
  };
  const wrong = `v1,${Buffer.alloc(32).toString('base64')}`;
  for (const [timestamp, signature] of [
    [now, wrong],
    [now, 'v1,'],
    [now, ''],
    [now - 600],
    [now + 600],
    ['x[$(touch seen/forged)]', wrong],
    ['never'],
  ] as const) {
    assert.equal(await post(timestamp, signature), 401, `${timestamp} ${signature}`);
  }
  assert.equal((await fetch(url, { method: 'POST', body })).status, 401);
}

test('docs/webhooks.md lists every event, with the message that a test sends', () => {
  const rows = [...GUIDE.matchAll(/^\| `([a-z.]+)` \| /gm)].map(([, name]) => name);
  assert.deepEqual(
    rows.filter((name) => name?.includes('.')),
    EVENT_TYPES,
  );
  const shown = listBlocks(GUIDE).flatMap(({ language, text }) => (language === 'json' ? [JSON.parse(text)] : []));
  const app = { app_id: 'calc', project_id: '6a7b0f2e-2c1d-4e8f-9b3a-5d4c3b2a1f0e' };
  const at = Date.parse('2026-03-01T12:00:00.000Z');
  assert.deepEqual(
    shown,
    EVENT_TYPES.map((type) => JSON.parse(samplePayload(type, app, at))),
  );
});
