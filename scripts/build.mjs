// `npm run build`, and before packing: compiles src/ without its tests into dist/.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { installDependencies, root } from './install.mjs';
import { allPass, tsc } from './steps.mjs';

await installDependencies();
rmSync(join(root, 'dist'), { recursive: true, force: true });
process.exitCode = (await allPass({ build: () => tsc('-p', 'tsconfig.build.json') })) ? 0 : 1;
