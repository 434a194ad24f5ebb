// Writes the pages of docs/ that are made from tables in the source. Needs Node 24: it imports TypeScript.
import { writeFile } from 'node:fs/promises';
import { configurationPage } from '../src/main/configuration-page.ts';

await writeFile(new URL('../docs/configuration.md', import.meta.url), configurationPage());
