import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Configuration } from '../../src/main/configuration.ts';
import { makeTestRepository, type TestFile } from './git.ts';
import { startTestServer, type TestServer } from './server.ts';
import { until } from './until.ts';

/** What became of a build. */
export interface BuiltPackage {
  readonly id: string;
  readonly status: 'Succeeded' | 'Failed';
  /** Empty where it succeeded. */
  readonly reason: string;
  readonly mendixVersion: string | null;
  readonly problems: readonly unknown[];
  readonly log: string;
  readonly bytes: Buffer;
}

/** A server with apps that are built as their `slipway.yml` says. */
export interface ScriptWorld {
  readonly server: TestServer;
  /** Commits these files, together with the file that holds `build`, and builds them. */
  build(build: unknown, files?: Readonly<Record<string, TestFile>>): Promise<BuiltPackage>;
}

export async function openScriptWorld(
  test: { after(work: () => unknown): void },
  overrides: Partial<Configuration> = {},
): Promise<ScriptWorld> {
  const server = await startTestServer(test, overrides);
  const repository = await makeTestRepository(join(server.dataFolder, 'calc.git'), { mainBranch: 'main' });
  const created = await server.call('POST', '/manage/1/apps', { AppId: 'calc', Repository: repository.path });
  assert.equal(created.status, 200, JSON.stringify(created.body));
  let count = 0;
  return {
    server,
    async build(build, files = {}) {
      // JSON is YAML too.
      const all = { 'slipway.yml': JSON.stringify({ build }), ...files };
      const [revision] = await repository.commit([{ branch: `b${++count}`, parents: [], files: all }]);
      const body = { Branch: `branches/b${count}`, Revision: revision, Version: `1.0.${count}` };
      const started = await server.call('POST', '/api/1/apps/calc/packages', body);
      assert.equal(started.status, 200, JSON.stringify(started.body));
      return await readPackage(server, started.body.PackageId);
    },
  };
}

/** Waits for the end of a build. */
export async function readPackage(
  server: Pick<TestServer, 'url' | 'admin' | 'call'>,
  id: string,
  appId = 'calc',
): Promise<BuiltPackage> {
  const path = `/api/1/apps/${appId}/packages/${id}`;
  const body = await until(
    'the build ends',
    async () => {
      const answer = await server.call('GET', `${path}?wait=10`);
      return (answer.body.Status === 'Succeeded' || answer.body.Status === 'Failed') && answer.body;
    },
    60_000,
  );
  const { username, apiKey } = server.admin;
  const headers = { 'Mendix-Username': username, 'Mendix-ApiKey': apiKey };
  const read = async (url: string) => Buffer.from(await (await fetch(url, { headers })).arrayBuffer());
  const isThere = body.Status === 'Succeeded';
  return {
    id,
    status: body.Status,
    reason: body.StatusReason ?? '',
    mendixVersion: body.MendixVersion,
    problems: body.Problems ?? [],
    log: (await read(`${server.url}${path}/log`)).toString(),
    bytes: isThere ? await read(`${server.url}${path}/download`) : Buffer.alloc(0),
  };
}
