// `npm test`: everything. Installs what is missing first.
import { installDependencies } from './install.mjs';
import { listSharedTests } from './shared-shape.mjs';
import { allPass, biome, nodeTest, tsc } from './steps.mjs';
import { installSystemPackages } from './system-packages.mjs';

await installDependencies();
await installSystemPackages();
const read = await allPass({
  'format, lint, import rules': () => biome('ci', '--colors=off'),
  types: () => tsc('--noEmit'),
});
const setup = 'test/support/global-setup.ts';
const embedded = await nodeTest(['src/**/*.test.ts', 'test/**/*.test.ts'], { setup });
console.log('Once more on two servers and two workers that share PostgreSQL and S3:');
const shared = await nodeTest(listSharedTests(), { setup, shape: 'shared' });
if (!read) console.log('✖ Format, lint, import rules or types did not pass: see the top of this output.');
process.exitCode = read && embedded.code === 0 && shared.code === 0 ? 0 : 1;
