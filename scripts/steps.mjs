// The steps that `check`, `test` and `build` are made of. Plain JavaScript for Node 20 and later.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { findNode, passSignalsOn, runNode } from '../bin/node-24.mjs';
import { root } from './install.mjs';

/** Every test file and every server that one starts reads the same sources: what Node makes of them is kept here. */
const NODE_COMPILE_CACHE = join(root, 'node_modules/.cache/node');

/** Format, lint and import rules. @param {readonly string[]} args */
export function biome(...args) {
  return runTool('@biomejs/biome', 'biome', args);
}

/** @param {readonly string[]} args */
export function tsc(...args) {
  return runTool('typescript', 'tsc', args);
}

/**
 * Runs the tests that match, on the pinned Node. Several files at once even on one core: most of them wait.
 *
 * @param {readonly string[]} patterns
 * @param {{ setup?: string, shape?: 'embedded' | 'shared' }} options a module that starts what all files share; what
 *   test/support/shape.ts tells of
 */
export async function nodeTest(patterns, { setup, shape = 'embedded' } = {}) {
  const concurrency = Math.max(2, availableParallelism());
  const options = [
    ...(setup === undefined ? [] : [`--test-global-setup=${setup}`]),
    `--test-concurrency=${concurrency}`,
    '--test-reporter=spec',
    '--test-timeout=300000',
  ];
  const env = { ...process.env, SLIPWAY_TEST_SHAPE: shape, NODE_COMPILE_CACHE };
  const code = await runNode(findNode(), ['--test', ...options, ...patterns], { cwd: root, env });
  return { code, output: '' };
}

/** Runs steps side by side, each with its name; prints the output of those that failed. @returns whether all passed */
export async function allPass(steps) {
  const results = await Promise.all(Object.entries(steps).map(([name, step]) => timed(name, step)));
  return results.every((passed) => passed);
}

async function timed(name, step) {
  const startedAt = Date.now();
  const { code, output } = await step();
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
  console.log(code === 0 ? `✔ ${name} (${seconds} s)` : `${output}\n✖ ${name} (${seconds} s)`);
  return code === 0;
}

async function runTool(packageName, command, args) {
  const manifestPath = createRequire(join(root, 'package.json')).resolve(`${packageName}/package.json`);
  const { bin } = createRequire(manifestPath)(manifestPath);
  const script = join(dirname(manifestPath), bin[command]);
  const child = spawn(findNode(), [script, ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const chunks = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => chunks.push(chunk));
  const code = await passSignalsOn(child);
  return { code, output: Buffer.concat(chunks).toString() };
}
