// `npm test`: everything. Installs what is missing first.
import { installDependencies } from './install.mjs';
import { allPass, biome, nodeTest, tsc } from './steps.mjs';
import { installSystemPackages } from './system-packages.mjs';

await installDependencies();
await installSystemPackages();
const read = await allPass({
  'format, lint, import rules': () => biome('ci', '--colors=off'),
  types: () => tsc('--noEmit'),
});
const { code } = await nodeTest(['src/**/*.test.ts', 'test/**/*.test.ts'], { setup: 'test/support/global-setup.ts' });
if (!read) console.log('✖ Format, lint, import rules or types did not pass: see the top of this output.');
process.exitCode = read && code === 0 ? 0 : 1;
