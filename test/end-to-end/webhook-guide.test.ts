import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { TARGET_CODES } from '../../src/protocol/target-codes.ts';
import { openBuildApiWorld } from '../support/build-api-world.ts';
import { openCommandLine } from '../support/command-line.ts';
import { environmentCalls } from '../support/environments.ts';
import { openFront } from '../support/front.ts';
import { listBlocks, splitWords } from '../support/page-blocks.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const GUIDE = await readFile(new URL('../../docs/deploying-by-webhook.md', import.meta.url), 'utf8');

/** Runs the receiver of the guide in a folder. @returns its port */
async function runReceiver(t: TestContext, folder: string, program: string): Promise<number> {
  const file = join(folder, 'receive-orders.mjs');
  await writeFile(file, program);
  const secret = (await readFile(join(folder, 'webhook.secret'), 'utf8')).trim();
  const child = spawn(process.execPath, [file], {
    cwd: folder,
    env: { WEBHOOK_SECRET: secret, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  t.after(() => {
    child.kill('SIGKILL');
    return ended;
  });
  let printed = '';
  for await (const chunk of child.stdout) {
    printed += String(chunk);
    const port = /port (\d+)\n/.exec(printed)?.[1];
    if (port !== undefined) return Number(port);
  }
  assert.fail(`The receiver ended: ${printed}`);
}

test('the receiver of docs/deploying-by-webhook.md deploys what it is ordered, with the commands of the page', async (t) => {
  const front = await openFront(t);
  const world = await openBuildApiWorld(t, { publicUrl: front.url });
  const { server } = world;
  front.leadTo(server.url);
  const folder = await temporaryFolder(t);
  const blocks = listBlocks(GUIDE).filter(({ mark }) => mark?.includes('webhook-guide.test.ts'));
  const [commands, program] = blocks.map(({ text }) => text);
  const [makeSecret = '', create = ''] = commands?.trim().split('\n') ?? [];
  await promisify(execFile)('sh', ['-c', makeSecret], { cwd: folder });
  const port = await runReceiver(t, folder, program ?? '');
  const slipway = openCommandLine(folder, {
    SLIPWAY_URL: server.url,
    SLIPWAY_USERNAME: server.admin.username,
    SLIPWAY_API_KEY: server.admin.apiKey,
  });
  assert.ok(create.includes('https://deploy.example.com/orders'));
  const line = create.replace('https://deploy.example.com/orders', `http://127.0.0.1:${port}/orders`);
  const outcome = await slipway.run(splitWords(line).slice(1));
  assert.equal(outcome.code, 0, outcome.stderr);

  const environment = environmentCalls(world.call, 'Acceptance');
  const { PackageId, Size } = await world.build();
  const transported = await environment.transport(PackageId);
  assert.equal(transported.status, 200, JSON.stringify(transported.body));
  const { EnvironmentId } = await environment.get();
  assert.equal((await readFile(join(folder, `${EnvironmentId}.mda`))).length, Size);
  await environment.run();
  assert.equal((await environment.get()).Status, 'Running');
  assert.equal((await environment.stop()).status, 200);
});

test('a receiver is told by docs/deploying-by-webhook.md every code that it may give', () => {
  for (const [call, codes] of Object.entries(TARGET_CODES)) {
    const row = `| ${call} | ${codes.map((code) => `\`${code}\``).join(', ')} |`;
    assert.ok(GUIDE.includes(row), row);
  }
});
