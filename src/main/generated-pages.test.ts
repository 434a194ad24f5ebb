import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { commandLinePage } from './command-line-page.ts';
import { configurationPage } from './configuration-page.ts';
import { errorsPage } from './errors-page.ts';
import { rightsPage } from './rights-page.ts';

test('docs/configuration.md says what the table of settings says; `npm run fix` writes it', async () => {
  const page = await readFile(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
  assert.equal(page, configurationPage());
});

test('docs/command-line.md says what the commands say of themselves; `npm run fix` writes it', async () => {
  const page = await readFile(new URL('../../docs/command-line.md', import.meta.url), 'utf8');
  assert.equal(page, commandLinePage());
});

test('docs/errors.md says what the tables of error codes and failure reasons say; `npm run fix` writes it', async () => {
  const page = await readFile(new URL('../../docs/errors.md', import.meta.url), 'utf8');
  assert.equal(page, errorsPage());
});

test('docs/rights.md says what the table of calls says; `npm run fix` writes it', async () => {
  const page = await readFile(new URL('../../docs/rights.md', import.meta.url), 'utf8');
  assert.equal(page, rightsPage());
});
