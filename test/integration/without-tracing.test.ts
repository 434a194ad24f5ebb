import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeTestRepository } from '../support/git.ts';
import { readPackage } from '../support/script-world.ts';
import { call } from '../support/server.ts';
import { startServerProcess } from '../support/server-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const HOOKS = new URL('../support/without-opentelemetry.ts', import.meta.url);

test('a server that traces nothing accepts and builds without the libraries of OpenTelemetry', async (t) => {
  const folder = await temporaryFolder(t);
  const source = await makeTestRepository(join(folder, 'source.git'), { mainBranch: 'main' });
  const [revision] = await source.commit([{ branch: 'main', files: { 'readme.txt': 'one' } }]);
  const variables = { NODE_OPTIONS: `--import=${HOOKS.href}` };
  const server = await startServerProcess(join(folder, 'data'), variables);
  t.after(() => server.end('SIGKILL'));
  const ask = (method: string, path: string, body?: unknown) => call(server.url, method, path, body, server.admin);
  await ask('POST', '/manage/1/apps', { AppId: 'calc', Repository: source.path });
  const { body } = await ask('POST', '/api/1/apps/calc/packages', { Revision: revision, Version: '1.0.0' });
  assert.equal((await readPackage({ ...server, call: ask }, body.PackageId)).status, 'Succeeded');
  assert.equal(await server.end('SIGTERM'), 0);
  const traced = startServerProcess(join(folder, 'traced'), { ...variables, SLIPWAY_TRACES: 'otlp' });
  await assert.rejects(traced, /@opentelemetry\/\S+ is not there/);
});
