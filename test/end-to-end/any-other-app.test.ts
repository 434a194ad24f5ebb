import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { openCommandLine } from '../support/command-line.ts';
import { makeTestRepository } from '../support/git.ts';
import { listBlocks, splitWords } from '../support/page-blocks.ts';
import { readZip } from '../support/read-zip.ts';
import { startTestServer } from '../support/server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const GUIDE = await readFile(new URL('../../docs/any-other-app.md', import.meta.url), 'utf8');

test('the example of docs/any-other-app.md builds with its commands, and its package is what the page says', async (t) => {
  const [folder, server] = [await temporaryFolder(t), await startTestServer(t)];
  const { username, apiKey } = server.admin;
  const slipway = openCommandLine(folder, {
    SLIPWAY_URL: server.url,
    SLIPWAY_USERNAME: username,
    SLIPWAY_API_KEY: apiKey,
  });
  const blocks = listBlocks(GUIDE).filter(({ mark }) => mark?.includes('any-other-app.test.ts'));
  const [file, commands] = blocks.map(({ text }) => text);
  const repository = await makeTestRepository(join(folder, 'site.git'), { mainBranch: 'main' });
  const files = { 'slipway.yml': file ?? '', 'index.html': '<p>@version@</p>\n' };
  const [revision = ''] = await repository.commit([{ branch: 'main', files }]);
  for (const line of commands?.trim().split('\n') ?? []) {
    const given = line
      .replace('https://git.example.com/site.git', repository.path)
      .replace('1f3a9c2e', revision.slice(0, 8));
    const { code, stdout, stderr } = await slipway.run(splitWords(given).slice(1));
    assert.equal(code, 0, `${line}: ${stdout}${stderr}`);
  }
  const [{ PackageId }] = (await server.call('GET', '/api/1/apps/site/packages')).body;
  const headers = { 'Mendix-Username': username, 'Mendix-ApiKey': apiKey };
  const answer = await fetch(`${server.url}/api/1/apps/site/packages/${PackageId}/download`, { headers });
  const members = await readZip(Buffer.from(await answer.arrayBuffer()));
  assert.deepEqual(
    members.map(({ name }) => name),
    ['index.html', 'slipway/metadata.json'],
  );
  assert.equal(String(await members[0]?.content()), `<p>1.0.0.${revision.slice(0, 8)}</p>\n`);
});
