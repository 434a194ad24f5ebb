import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeTestRepository, runTestGit, type TestFile } from '../support/git.ts';
import { noise, sourceText } from '../support/made-content.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

/** Every kind of member: deflated, stored, larger than what is held in memory, executable, a link, an odd name. */
const FILES: Readonly<Record<string, TestFile>> = {
  ...Object.fromEntries(
    Array.from({ length: 60 }, (_, at) => [`modules/m${at}/page.xml`, sourceText(4000 + 97 * at, `page ${at}`)]),
  ),
  'theme/logo.png': noise(20_000, 'logo'),
  'userlib/large.jar': Buffer.concat([sourceText(6_000_000, 'jar'), noise(3_000_000, 'jar')]),
  'resources/Grüße.txt': 'Grüße',
  'empty.txt': '',
  run: { mode: '100755', content: '#!/bin/sh\n' },
  link: { mode: '120000', content: 'run' },
};

interface Built {
  readonly sha256: string;
  /** How many members came from the member cache. */
  readonly reused: number;
}

async function build(server: TestServer, fields: Readonly<Record<string, string>>): Promise<Built> {
  const packages = '/api/1/apps/calc/packages';
  const started = await server.call('POST', packages, { Version: '2.5.4', Description: 'The same', ...fields });
  assert.equal(started.status, 200, JSON.stringify(started.body));
  const path = `${packages}/${started.body.PackageId}`;
  const found = await until('the build ends', async () => {
    const { body } = await server.call('GET', `${path}?wait=10`);
    return (body.Status === 'Succeeded' || body.Status === 'Failed') && body;
  });
  assert.equal(found.Status, 'Succeeded', found.StatusReason);
  const headers = { 'Mendix-Username': server.admin.username, 'Mendix-ApiKey': server.admin.apiKey };
  const bytes = await (await fetch(`${server.url}${path}/download`, { headers })).bytes();
  assert.equal(hash('sha256', bytes), found.Sha256);
  const log = await (await fetch(`${server.url}${path}/log`, { headers })).text();
  return { sha256: found.Sha256, reused: Number(/ (\d+) reused from earlier builds/.exec(log)?.[1]) };
}

test('the same revision, version and description give the same bytes: from a cold cache, a warm one, another server', async (context) => {
  const folder = await temporaryFolder(context);
  const source = await makeTestRepository(join(folder, 'calc.git'), { mainBranch: 'main' });
  const [revision = ''] = await source.commit([{ branch: 'main', files: FILES }]);
  const copy = join(folder, 'elsewhere.git');
  await runTestGit(['clone', '-q', '--bare', source.path, copy]);

  const one = await startTestServer(context);
  const another = await startTestServer(context, { cacheSizeBytes: 0, buildSlots: 1 });
  const app = { AppId: 'calc', Name: 'Calculation App', Repository: source.path };
  assert.equal((await one.call('POST', '/manage/1/apps', app)).status, 200);
  const same = { AppId: 'calc', Name: 'The same elsewhere', Repository: copy, MainBranch: 'main' };
  assert.equal((await another.call('POST', '/manage/1/apps', same)).status, 200);

  const cold = await build(one, { Revision: revision });
  const warm = await build(one, { Revision: revision.slice(0, 10), Branch: 'trunk' });
  const elsewhere = await build(another, { Revision: revision });
  assert.equal(cold.reused, 0);
  assert.ok(warm.reused > 60, `${warm.reused} members were reused`);
  assert.equal(elsewhere.reused, 0);
  assert.deepEqual([warm.sha256, elsewhere.sha256], [cold.sha256, cold.sha256]);

  const other = await build(one, { Revision: revision, Description: 'Another' });
  assert.notEqual(other.sha256, cold.sha256);
});
