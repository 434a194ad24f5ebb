// `npm run bench`: measures against the references and writes docs/benchmarks.md.
import { join } from 'node:path';
import { findNode, runNode } from '../bin/node-24.mjs';
import { installDependencies, root } from './install.mjs';
import { installSystemPackages } from './system-packages.mjs';

await installDependencies();
await installSystemPackages('bench-packages.txt', 'The benchmarks');
process.exitCode = await runNode(findNode(), [join(root, 'test/bench/bench.ts'), ...process.argv.slice(2)]);
