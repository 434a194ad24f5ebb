import assert from 'node:assert/strict';
import { environmentCalls } from './environments.ts';
import { makeTestRepository } from './git.ts';
import { type Pipeline, type PipelineOutcome, runPipeline } from './pipelines.ts';
import type { Answer, Credentials, TestServer } from './server.ts';
import { makeSvnRepository } from './svn.ts';
import { until } from './until.ts';

export type RepositoryKind = 'git' | 'svn';

/** What deploys to an environment, as the management calls are told of it. */
export interface TargetOfEnvironment {
  readonly Target: string;
  readonly TargetOptions?: Readonly<Record<string, unknown>>;
}

export interface PipelineAppOptions {
  readonly server: TestServer;
  readonly appId: string;
  readonly kind: RepositoryKind;
  /** Where its repository is made. */
  readonly folder: string;
  readonly target: TargetOfEnvironment | undefined;
  /** Who runs the pipelines. */
  readonly user: Credentials;
  /** What pipelines find in their environment, besides what names the app. */
  readonly variables: Readonly<Record<string, string>>;
}

/** An app with two revisions and an environment `Acceptance`. */
export interface PipelineApp {
  readonly appId: string;
  /** Adds a revision to the main line. @returns its hash or number */
  commit(files: Files): Promise<string>;
  newest(): string;
  /** Runs a pipeline with the user's key and token, unless `variables` say otherwise. */
  run(
    test: { after(work: () => unknown): void },
    pipeline: Pipeline,
    variables?: Readonly<Record<string, string>>,
  ): Promise<PipelineOutcome>;
  /** Calls as the user, below the app. */
  call(method: string, path: string, body?: unknown): Promise<Answer>;
  /** Builds the newest revision. @returns the PackageId */
  build(): Promise<string>;
  /** Builds the newest revision and starts it in `Acceptance`. @returns the PackageId */
  deploy(): Promise<string>;
  /** The ids of its packages, the newest first. */
  listPackages(): Promise<readonly string[]>;
}

type Files = Readonly<Record<string, string>>;

export async function openPipelineApp(options: PipelineAppOptions): Promise<PipelineApp> {
  const { server, appId, kind, folder, user } = options;
  const source = await SOURCES[kind](folder);
  const revisions = [await source.commit({ 'page.html': 'one' }), await source.commit({ 'page.html': 'two' })];
  const newest = () => revisions.at(-1) ?? '';
  const { ProjectId } = await expectOk(
    server.call('POST', '/manage/1/apps', { AppId: appId, Repository: source.path }),
  );
  const environment = { Mode: 'Acceptance', ...options.target };
  await expectOk(server.call('POST', `/manage/1/apps/${appId}/environments`, environment));
  await expectOk(server.call('PUT', `/manage/1/apps/${appId}/api-rights/${user.username}`));
  const call: PipelineApp['call'] = (method, path, body) =>
    server.call(method, `/api/1/apps/${appId}/${path}`, body, user);
  const build = async () => {
    const { PackageId } = await expectOk(call('POST', 'packages', { Revision: newest(), Version: '1.0.0' }));
    const status = async () => (await call('GET', `packages/${PackageId}?wait=10`)).body.Status;
    await until('the build succeeds', async () => (await status()) === 'Succeeded');
    return PackageId;
  };
  return {
    appId,
    newest,
    async commit(files) {
      const revision = await source.commit(files);
      revisions.push(revision);
      return revision;
    },
    run(test, pipeline, given) {
      const ofApp = { APP_ID: appId, PROJECT_ID: ProjectId, ENVIRONMENT: 'Acceptance', VERSION: '2.5.4' };
      return runPipeline(test, pipeline, server.url, { ...options.variables, ...ofApp, ...given });
    },
    call,
    build,
    async deploy() {
      const asUser = (method: string, path: string, body?: unknown) => server.call(method, path, body, user);
      const acceptance = environmentCalls(asUser, 'Acceptance', appId);
      const packageId = await build();
      await expectOk(acceptance.transport(packageId));
      await acceptance.run();
      return packageId;
    },
    async listPackages() {
      const packages: readonly { readonly PackageId: string }[] = (await call('GET', 'packages')).body;
      return packages.map(({ PackageId }) => PackageId);
    },
  };
}

/** Repositories with a main line to add revisions to. */
const SOURCES = {
  async git(folder: string) {
    const repository = await makeTestRepository(`${folder}.git`, { mainBranch: 'main' });
    const commit = async (files: Files) => (await repository.commit([{ branch: 'main', files }]))[0] ?? '';
    return { path: repository.path, commit };
  },
  async svn(folder: string) {
    const repository = await makeSvnRepository(folder);
    return { path: repository.path, commit: (files: Files) => repository.commit('trunk', files) };
  },
};

/** @returns the body of an answer that is one of success */
export async function expectOk(answer: Promise<Answer>): Promise<Answer['body']> {
  const { status, body } = await answer;
  assert.equal(status, 200, JSON.stringify(body));
  return body;
}
