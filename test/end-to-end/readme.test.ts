import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { openCommandLine } from '../support/command-line.ts';
import { makeTestRepository } from '../support/git.ts';
import { listBlocks, splitWords } from '../support/page-blocks.ts';
import { startTestServer } from '../support/server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const README = await readFile(new URL('../../README.md', import.meta.url), 'utf8');

test('every block of the README says who runs it, or why nobody does', async () => {
  for (const { mark, text } of listBlocks(README)) {
    assert.match(mark ?? '', /^(run by test\/\S+\.test\.ts|not run: .+)$/, text);
    const file = /^run by (\S+)/.exec(mark ?? '')?.[1];
    if (file !== undefined) await readFile(new URL(`../../${file}`, import.meta.url));
  }
});

test('the commands of the README make an app, build it and download its package', async (context) => {
  const folder = await temporaryFolder(context);
  const server = await startTestServer(context);
  const slipway = openCommandLine(folder);
  const repository = await makeTestRepository(join(folder, 'calc.git'), { mainBranch: 'main' });
  const [revision = ''] = await repository.commit([{ branch: 'main', files: { 'README.md': 'calc\n' } }]);
  const block = listBlocks(README).find(({ mark }) => mark?.includes('readme.test.ts'));
  const values = { 'http://127.0.0.1:4400': server.url, 'https://git.example.com/calc.git': repository.path };
  let packageId = '';
  for (const line of block?.text.trim().split('\n') ?? []) {
    const words = splitWords(line.replace('<package id>', packageId).replace('1f3a9c2e', revision.slice(0, 8)));
    const args = words.slice(1).map((word) => Object.entries(values).find(([from]) => from === word)?.[1] ?? word);
    const input = args.indexOf('<');
    const given = input === -1 ? args : args.slice(0, input);
    const { code, stdout, stderr } = await slipway.run(given, { stdin: `${server.admin.apiKey}\n` });
    assert.equal(code, 0, `${line}: ${stderr}`);
    packageId = /PackageId +(\S+)/.exec(stdout)?.[1] ?? packageId;
  }
  const { body } = await server.call('GET', `/api/1/apps/calc/packages/${packageId}`);
  const bytes = await readFile(join(folder, body.Name));
  assert.equal(createHash('sha256').update(bytes).digest('hex'), body.Sha256);
});
