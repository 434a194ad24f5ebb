import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Configuration } from '../../src/main/configuration.ts';
import { makeTestRepository, type TestRepository } from './git.ts';
import { type Answer, type Credentials, startTestServer, type TestServer } from './server.ts';
import { until } from './until.ts';

/** A server with the app `calc` on a real repository, somebody with API Rights on it, and somebody without. */
export interface BuildApiWorld {
  readonly server: TestServer;
  readonly repository: TestRepository;
  /** Full ids: the two commits of the main line, then the one on `branches/feature`. */
  readonly revisions: readonly [string, string, string];
  readonly projectId: string;
  /** Login `richard.ford51@example.com`, display name `Richard Ford`, API Rights on `calc`. */
  readonly richard: Credentials;
  /** A user who may see no app. */
  readonly stranger: Credentials;
  /** Calls as Richard. */
  call(method: string, path: string, body?: unknown): Promise<Answer>;
  /** Starts a build of the newest revision. @returns its PackageId */
  startBuild(fields?: Readonly<Record<string, unknown>>): Promise<string>;
  /** Starts a build and waits for its end. @returns the package */
  build(fields?: Readonly<Record<string, unknown>>): Promise<Answer['body']>;
}

export async function openBuildApiWorld(
  test: { after(work: () => unknown): void },
  overrides: Partial<Configuration> = {},
): Promise<BuildApiWorld> {
  const server = await startTestServer(test, overrides);
  const repository = await makeTestRepository(join(server.dataFolder, 'calc.git'), { mainBranch: 'main' });
  const [first = '', second = ''] = await repository.commit([
    { branch: 'main', files: { 'readme.txt': 'one' } },
    { branch: 'main', files: { 'readme.txt': 'two' } },
  ]);
  const [feature = ''] = await repository.commit([{ branch: 'feature', parents: [second], files: { 'f.txt': 'f' } }]);
  const app = await expectOk(server.call('POST', '/manage/1/apps', { AppId: 'calc', Repository: repository.path }));
  const richard = await createUser(server, 'richard.ford51@example.com', 'Richard Ford');
  await expectOk(server.call('PUT', `/manage/1/apps/calc/api-rights/${richard.username}`));
  const stranger = await createUser(server, 'stranger', 'A Stranger');
  const call: BuildApiWorld['call'] = (method, path, body) => server.call(method, path, body, richard);
  const startBuild: BuildApiWorld['startBuild'] = async (fields) => {
    const body = { Revision: second, Version: '2.5.4', ...fields };
    return (await expectOk(call('POST', '/api/1/apps/calc/packages', body))).PackageId;
  };
  return {
    server,
    repository,
    revisions: [first, second, feature],
    projectId: app.ProjectId,
    richard,
    stranger,
    call,
    startBuild,
    async build(fields) {
      const path = `/api/1/apps/calc/packages/${await startBuild(fields)}`;
      return until('the build ends', async () => {
        const { body } = await call('GET', `${path}?wait=10`);
        return (body.Status === 'Succeeded' || body.Status === 'Failed') && body;
      });
    },
  };
}

/** Creates a user with a key, and without any right. */
export async function createUser(server: TestServer, login: string, name: string): Promise<Credentials> {
  await expectOk(server.call('POST', '/manage/1/users', { Login: login, Name: name }));
  const { Key } = await expectOk(server.call('POST', `/manage/1/users/${login}/keys`, {}));
  return { username: login, apiKey: Key };
}

async function expectOk(answer: Promise<Answer>): Promise<Answer['body']> {
  const { status, body } = await answer;
  assert.equal(status, 200, JSON.stringify(body));
  return body;
}
