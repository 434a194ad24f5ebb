// Writes the pages of docs/ that are made from tables in the source. Needs Node 24: it imports TypeScript.
import { writeFile } from 'node:fs/promises';
import { buildFileSchemaPage } from '../src/builders/script/build-file.ts';
import { commandLinePage } from '../src/main/command-line-page.ts';
import { configurationPage } from '../src/main/configuration-page.ts';
import { errorsPage } from '../src/main/errors-page.ts';
import { rightsPage } from '../src/main/rights-page.ts';

const pages = {
  'slipway.schema.json': buildFileSchemaPage(),
  'configuration.md': configurationPage(),
  'command-line.md': commandLinePage(),
  'errors.md': errorsPage(),
  'rights.md': rightsPage(),
};
for (const [name, text] of Object.entries(pages)) {
  await writeFile(new URL(`../docs/${name}`, import.meta.url), text);
}
