import assert from 'node:assert/strict';
import { glob, mkdir, readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startCluster } from '../support/cluster.ts';
import { makeTestRepository } from '../support/git.ts';
import { installStandIn, makeJavaHome } from '../support/mxbuild/stand-in.ts';
import { projectFileOf } from '../support/project-file.ts';
import { readZip } from '../support/read-zip.ts';
import { readPackage } from '../support/script-world.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { IS_SHARED } from '../support/shape.ts';
import { makeSvnRepository } from '../support/svn.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { wholeFile } from '../support/whole-file.ts';

const SCENARIOS = fileURLToPath(new URL('scenarios', import.meta.url));
/** Of the one MxBuild that the server has. */
const MENDIX_VERSION = '10.12.3.41523';

/** What a client sends, and the settings of its app. */
interface Request {
  readonly Version: string;
  readonly settings?: Readonly<Record<string, unknown>>;
}

interface Expected {
  readonly status: 'Succeeded' | 'Failed';
  readonly reason: string | null;
  readonly mendixVersion?: string;
  readonly problems?: readonly unknown[];
  /** The whole package, where it is no zip. */
  readonly bytes?: string;
  /** The names of the zip's members, in their order. */
  readonly members?: readonly string[];
  /** Of some of them; `{branch}` is the name of the main line. */
  readonly contents?: Readonly<Record<string, string>>;
  /** What the log holds, among other lines. */
  readonly log: readonly string[];
}

type Files = Readonly<Record<string, Buffer>>;

/** A repository with one revision on its main line. */
interface Source {
  readonly path: string;
  readonly branch: string;
  readonly revision: string;
}

const SOURCES: Readonly<Record<string, (folder: string, files: Files) => Promise<Source>>> = {
  async git(folder, files) {
    const repository = await makeTestRepository(join(folder, 'calc.git'), { mainBranch: 'main' });
    const [revision = ''] = await repository.commit([{ branch: 'main', files }]);
    return { path: repository.path, branch: 'main', revision };
  },
  async svn(folder, files) {
    const repository = await makeSvnRepository(join(folder, 'calc'));
    const revision = await repository.commit('trunk', files);
    return { path: repository.path, branch: 'trunk', revision };
  },
};

type ScenarioServer = Pick<TestServer, 'url' | 'admin' | 'call'>;

/*
 * A folder per scenario: `repository` is committed and built as `request.json` says, and what comes of it is
 * `expected.json`. A project file is written as the SQL that makes it, `App.mpr.sql`.
 */
for (const name of await readdir(SCENARIOS)) {
  const folder = join(SCENARIOS, name);
  for (const [kind, makeSource] of Object.entries(SOURCES)) {
    test(`scenario ${name} on ${kind}`, async (t) => {
      const source = await makeSource(await temporaryFolder(t), await filesOf(join(folder, 'repository')));
      const request: Request = JSON.parse(await readFile(join(folder, 'request.json'), 'utf8'));
      const expected: Expected = JSON.parse(await readFile(join(folder, 'expected.json'), 'utf8'));
      const server = IS_SHARED ? await findCluster() : await startScenarioServer(t);
      const appId = nextAppId();
      await compare(await build(server, source, request, appId), expected, { app: appId, branch: source.branch });
    });
  }
}

async function startScenarioServer(t: TestContext): Promise<ScenarioServer> {
  const folder = await temporaryFolder(t);
  const dataFolder = join(folder, 'data');
  await installMxBuild(dataFolder);
  return await startTestServer(t, { dataFolder, javaHomes: [await makeJavaHome(join(folder, 'jdk'), '21.0.2')] });
}

let cluster: Promise<ScenarioServer> | undefined;

/** One for all scenarios, of real processes. */
function findCluster(): Promise<ScenarioServer> {
  cluster ??= startScenarioCluster();
  return cluster;
}

async function startScenarioCluster(): Promise<ScenarioServer> {
  const javaHome = await makeJavaHome(join(await temporaryFolder(wholeFile), 'jdk'), '21.0.2');
  return await startCluster(wholeFile, {
    prepare: installMxBuild,
    variables: { SLIPWAY_JAVA_HOMES: javaHome, SLIPWAY_MXBUILD_MIRROR: 'none' },
  });
}

async function installMxBuild(dataFolder: string): Promise<void> {
  const toolchains = join(dataFolder, 'toolchains', 'mxbuild');
  await mkdir(toolchains, { recursive: true });
  await installStandIn(toolchains, MENDIX_VERSION);
}

let apps = 0;

function nextAppId(): string {
  apps += 1;
  return `calc-${apps}`;
}

async function build(
  server: ScenarioServer,
  { path, revision }: Source,
  { settings, ...fields }: Request,
  appId: string,
) {
  const app = { AppId: appId, Repository: path, ...settings };
  const created = await server.call('POST', '/manage/1/apps', app);
  assert.equal(created.status, 200, JSON.stringify(created.body));
  const started = await server.call('POST', `/api/1/apps/${appId}/packages`, { Revision: revision, ...fields });
  assert.equal(started.status, 200, JSON.stringify(started.body));
  return await readPackage(server, started.body.PackageId, appId);
}

type Built = Awaited<ReturnType<typeof build>>;

/** @param names what stands for `{app}` and `{branch}` in what is expected */
async function compare(
  built: Built,
  expected: Expected,
  { app, branch }: { readonly app: string; readonly branch: string },
): Promise<void> {
  assert.deepEqual([built.status, built.reason || null], [expected.status, expected.reason], built.log);
  assert.equal(built.mendixVersion, expected.mendixVersion ?? null);
  assert.deepEqual(built.problems, expected.problems ?? []);
  for (const text of expected.log) assert.ok(built.log.includes(text), `${text}\n${built.log}`);
  if (expected.bytes !== undefined) assert.equal(String(built.bytes), expected.bytes);
  if (expected.members === undefined) return;
  const contents = Object.entries(expected.contents ?? {}).map(
    ([name, text]) => [name, text.replaceAll('{app}', app).replaceAll('{branch}', branch)] as const,
  );
  await compareMembers(built.bytes, expected.members, contents);
}

async function filesOf(folder: string): Promise<Files> {
  const files: Record<string, Buffer> = {};
  for await (const entry of glob('**/*', { cwd: folder, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile()) continue;
    const name = relative(folder, path);
    const content = await readFile(path);
    if (name.endsWith('.mpr.sql')) files[name.slice(0, -'.sql'.length)] = projectFileOf(String(content));
    else files[name] = content;
  }
  return files;
}

async function compareMembers(
  bytes: Buffer,
  names: readonly string[],
  contents: readonly (readonly [name: string, text: string])[],
): Promise<void> {
  const members = await readZip(bytes);
  assert.deepEqual(
    members.map((member) => member.name),
    names,
  );
  for (const [name, text] of contents) {
    assert.equal(String(await members.find((member) => member.name === name)?.content()), text);
  }
}
