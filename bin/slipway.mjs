#!/usr/bin/env node
// The command `slipway`. In a checkout it runs the sources as they are, in an installed package what was compiled from
// them; on an older Node it starts the pinned one. Plain JavaScript that an old Node (20 and later) understands.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { findNode, runNode } from './node-24.mjs';

const source = new URL('../src/main/slipway.ts', import.meta.url);
const entry = existsSync(source) ? source : new URL('../dist/main/slipway.js', import.meta.url);

try {
  if (entry === source) await installCheckout();
  const node = findNode();
  if (node === process.execPath) {
    const { runSlipway } = await import(entry.href);
    process.exitCode = await runSlipway();
  } else {
    process.exitCode = await runNode(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)]);
  }
} catch (error) {
  console.error(error instanceof Error && error.code === undefined ? error.message : error);
  process.exitCode = 1;
}

async function installCheckout() {
  const { installDependencies } = await import('../scripts/install.mjs');
  await installDependencies();
}
