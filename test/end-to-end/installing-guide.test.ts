import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { access, copyFile, mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { parseSecretKey } from '../../src/secrets/secret-key.ts';
import { CHECKOUT } from '../support/deploy-files.ts';
import { listBlocks } from '../support/page-blocks.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const GUIDE = await readFile(join(CHECKOUT, 'docs/installing.md'), 'utf8');
/** What its commands make. */
const MADE = ['deploy/compose.env', 'deploy/kubernetes/overlays/mine'];

test('every block of the guide with commands says who runs it, or why nobody does', () => {
  for (const { mark, language, text } of listBlocks(GUIDE)) {
    if (language !== 'dockerfile') assert.match(mark ?? '', /^(not run: |run by )/, text);
  }
});

test('every file that a block of the guide names is there', async () => {
  const named = listBlocks(GUIDE).flatMap(({ text }) => text.match(/\bdeploy\/[\w./-]*\w/g) ?? []);
  for (const path of new Set(named)) if (!MADE.includes(path)) await access(join(CHECKOUT, path));
});

test('the guide fills in every secret of the compose file, for its owner alone', async (t) => {
  const folder = await temporaryFolder(t);
  await mkdir(join(folder, 'deploy'));
  await copyFile(join(CHECKOUT, 'deploy/compose.env.example'), join(folder, 'deploy/compose.env.example'));
  const block = listBlocks(GUIDE).find(({ mark }) => mark?.includes('installing-guide'));
  await promisify(execFile)('bash', ['-euc', block?.text ?? 'false'], { cwd: folder });
  const file = join(folder, 'deploy/compose.env');
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => /^[A-Z]/.test(line));
  const values = new Map(lines.map((line) => line.split('=', 2) as [string, string]));
  for (const [name, value] of values) assert.ok(value !== '', name);
  assert.equal(new Set(values.values()).size, values.size);
  assert.ok(parseSecretKey(values.get('SLIPWAY_SECRET_KEY') ?? '') !== undefined);
  assert.match(values.get('AWS_ACCESS_KEY_ID') ?? '', /^GK[0-9a-f]{32}$/);
});
