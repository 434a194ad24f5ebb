// `npm run check`: format, lint, import rules, types and unit tests. `npm run lint`: the first three.
import { installDependencies } from './install.mjs';
import { allPass, biome, nodeTest, tsc } from './steps.mjs';

const lint = { 'format, lint, import rules': () => biome('ci', '--colors=off') };
const types = { types: () => tsc('--noEmit') };

await installDependencies();
if (process.argv[2] === 'lint') {
  process.exitCode = (await allPass(lint)) ? 0 : 1;
} else {
  const read = await allPass({ ...lint, ...types });
  const { code } = await nodeTest(['src/**/*.test.ts', 'test/architecture.test.ts']);
  process.exitCode = read && code === 0 ? 0 : 1;
}
