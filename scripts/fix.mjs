// `npm run fix`: writes generated pages, then formats and mends what can be mended without thinking.
import { join } from 'node:path';
import { findNode, runNode } from '../bin/node-24.mjs';
import { installDependencies, root } from './install.mjs';
import { allPass, biome } from './steps.mjs';

await installDependencies();
const code = await runNode(findNode(), [join(root, 'scripts/write-generated-docs.mjs')]);
const mended = await allPass({ 'format, lint, import rules': () => biome('check', '--write', '--colors=off') });
process.exitCode = mended ? code : 1;
