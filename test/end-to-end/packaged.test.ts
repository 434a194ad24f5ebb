import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

test('what is packed runs without the sources', async (context) => {
  const folder = await temporaryFolder(context);
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  await run(process.execPath, [compiler, '-p', 'tsconfig.build.json', '--outDir', join(folder, 'dist')], { cwd: root });
  for (const name of ['bin', 'package.json']) await cp(join(root, name), join(folder, name), { recursive: true });
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  const slipway = (...args: string[]) =>
    run(process.execPath, [join(folder, 'bin/slipway.mjs'), ...args], { cwd: folder });
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  assert.equal((await slipway('--version')).stdout, `${version}\n`);
  const { stdout } = await slipway('doctor', '--json', '--verify', '--port', '0', '--data', join(folder, 'data'));
  assert.ok(JSON.parse(stdout).every(({ state }: { state: string }) => state !== 'missing'));
  const { startServer } = await import(join(folder, 'dist/main/server.js'));
  assert.equal(typeof startServer, 'function');
});

test('the lock file names no registry, so that every registry can serve it', async () => {
  const { packages } = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8'));
  for (const [path, { resolved, integrity }] of Object.entries<{ resolved?: string; integrity?: string }>(packages)) {
    assert.equal(resolved, undefined, path);
    if (path !== '') assert.ok(integrity, path);
  }
});
