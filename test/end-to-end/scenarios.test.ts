import assert from 'node:assert/strict';
import { glob, readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeTestRepository, type TestFile } from '../support/git.ts';
import { readZip } from '../support/read-zip.ts';
import { readPackage } from '../support/script-world.ts';
import { startTestServer } from '../support/server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const SCENARIOS = fileURLToPath(new URL('scenarios', import.meta.url));

/** What a client sends, and the settings of its app. */
interface Request {
  readonly Version: string;
  readonly settings?: Readonly<Record<string, unknown>>;
}

interface Expected {
  readonly status: 'Succeeded' | 'Failed';
  readonly reason: string | null;
  /** The whole package, where it is no zip. */
  readonly bytes?: string;
  /** The names of the zip's members, in their order. */
  readonly members?: readonly string[];
  /** Of some of them. */
  readonly contents?: Readonly<Record<string, string>>;
  /** What the log holds, among other lines. */
  readonly log: readonly string[];
}

/*
 * A folder per scenario: `repository` is committed and built as `request.json` says, and what comes of it is
 * `expected.json`.
 */
for (const name of await readdir(SCENARIOS)) {
  test(`scenario ${name}`, async (t) => {
    const folder = join(SCENARIOS, name);
    const [server, files] = [await startTestServer(t), await filesOf(join(folder, 'repository'))];
    const request: Request = JSON.parse(await readFile(join(folder, 'request.json'), 'utf8'));
    const expected: Expected = JSON.parse(await readFile(join(folder, 'expected.json'), 'utf8'));
    const repository = await makeTestRepository(join(await temporaryFolder(t), 'calc.git'), { mainBranch: 'main' });
    const [revision] = await repository.commit([{ branch: 'main', files }]);
    const { settings, ...fields } = request;
    const app = { AppId: 'calc', Repository: repository.path, ...settings };
    assert.equal((await server.call('POST', '/manage/1/apps', app)).status, 200);
    const started = await server.call('POST', '/api/1/apps/calc/packages', { Revision: revision, ...fields });
    assert.equal(started.status, 200, JSON.stringify(started.body));
    const built = await readPackage(server, started.body.PackageId);
    assert.deepEqual([built.status, built.reason || null], [expected.status, expected.reason], built.log);
    for (const text of expected.log) assert.ok(built.log.includes(text), `${text}\n${built.log}`);
    if (expected.bytes !== undefined) assert.equal(String(built.bytes), expected.bytes);
    if (expected.members !== undefined) await compareMembers(built.bytes, expected.members, expected.contents);
  });
}

async function filesOf(folder: string): Promise<Readonly<Record<string, TestFile>>> {
  const files: Record<string, TestFile> = {};
  for await (const entry of glob('**/*', { cwd: folder, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) files[relative(folder, path)] = await readFile(path);
  }
  return files;
}

async function compareMembers(
  bytes: Buffer,
  names: readonly string[],
  contents: Readonly<Record<string, string>> = {},
): Promise<void> {
  const members = await readZip(bytes);
  assert.deepEqual(
    members.map((member) => member.name),
    names,
  );
  for (const [name, text] of Object.entries(contents)) {
    assert.equal(String(await members.find((member) => member.name === name)?.content()), text);
  }
}
