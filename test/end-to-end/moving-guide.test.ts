import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeTestRepository } from '../support/git.ts';
import { listBlocks } from '../support/page-blocks.ts';
import { postgresDatabase } from '../support/postgres.ts';
import { openTestS3 } from '../support/s3/s3-server.ts';
import { call } from '../support/server.ts';
import { startServerProcess } from '../support/server-process.ts';
import { openShell } from '../support/shell.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const GUIDE = new URL('../../docs/moving-to-many-machines.md', import.meta.url);
const MARK = 'run by test/end-to-end/moving-guide.test.ts';

test('every example of docs/moving-to-many-machines.md does what it says, there and back', async (t) => {
  const folder = await temporaryFolder(t);
  const s3 = await openTestS3(t);
  const stands: Readonly<Record<string, string>> = {
    '=postgres://slipway:hush@db.example.com:5432/slipway': `='${await postgresDatabase()}'`,
    '=s3://packages/slipway': `=${s3.variables.SLIPWAY_BLOBS}\nSLIPWAY_S3_PATH_STYLE=true`,
    '=https://s3.example.com': `=${s3.endpoint}`,
    '=eu-central-1': `=${s3.variables.AWS_REGION}`,
    'ID=slipway': `ID=${s3.variables.AWS_ACCESS_KEY_ID}`,
    'KEY=hush': `KEY=${s3.variables.AWS_SECRET_ACCESS_KEY}`,
    '/var/lib/slipway': `${folder}/var/lib/slipway`,
    '/etc/slipway': `${folder}/etc/slipway`,
  };
  const placed = (text: string) => Object.entries(stands).reduce((done, [from, to]) => done.replaceAll(from, to), text);
  for (const place of ['var/lib/slipway', 'etc/slipway']) await mkdir(join(folder, place), { recursive: true });
  const shell = await openShell(folder, { SLIPWAY_PORT: '0', SLIPWAY_LOG_LEVEL: 'error' });
  const run = (script: string) => shell.run(placed(script));

  const data = join(folder, 'var/lib/slipway/data');
  const old = await startServerProcess(data);
  t.after(() => old.end('SIGKILL'));
  const source = await makeTestRepository(join(folder, 'source.git'));
  const [revision = ''] = await source.commit([{ branch: 'main', files: { 'a.txt': 'a' } }]);
  const ask = (url: string, path: string, body?: unknown) =>
    call(url, body === undefined ? 'GET' : 'POST', path, body, old.admin);
  await ask(old.url, '/manage/1/apps', { AppId: 'calc', Repository: source.path, MainBranch: 'main' });
  const started = await ask(old.url, '/api/1/apps/calc/packages', { Revision: revision, Version: '1.0.0' });
  const path = `/api/1/apps/calc/packages/${started.body.PackageId}`;
  const built = await until('it is built and tagged', async () => {
    const { body } = await ask(old.url, `${path}?wait=5`);
    return body.Status === 'Succeeded' && body.TagStatus === 'Done' && body;
  });

  const blocks = listBlocks(await readFile(GUIDE, 'utf8')).filter(({ mark }) => mark?.startsWith(MARK) ?? false);
  assert.equal(blocks.length, 5);
  let server: ReturnType<typeof spawn> | undefined;
  const stopNew = async () => {
    if (server === undefined || server.exitCode !== null) return;
    const ended = new Promise((resolve) => server?.once('close', resolve));
    server.kill('SIGTERM');
    await ended;
  };
  t.after(stopNew);
  for (const { mark, text } of blocks) {
    if (mark?.endsWith('the server stopped')) assert.equal(await old.end('SIGTERM'), 0);
    if (mark?.endsWith('the new server stopped')) await stopNew();
    if (!mark?.endsWith('in the background')) {
      await run(text);
      continue;
    }
    let printed = '';
    server = spawn('bash', ['-ec', placed(text.replace(/^slipway/m, 'exec slipway'))], { cwd: folder, env: shell.env });
    server.stdout?.on('data', (chunk: Buffer) => {
      printed += chunk.toString();
    });
    const url = await until('it serves', () => /http:\/\/127\.0\.0\.1:\d+/.exec(printed)?.[0], 60_000);
    assert.deepEqual((await ask(url, path)).body, built);
  }
  const again = await startServerProcess(data);
  t.after(() => again.end('SIGKILL'));
  assert.deepEqual((await ask(again.url, path)).body, built);
  await again.end('SIGTERM');
});
