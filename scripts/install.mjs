// Installs what package-lock.json says, where that is not installed yet. Plain JavaScript for Node 20 and later.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { passSignalsOn } from '../bin/node-24.mjs';

/** The folder of the checkout. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/** Ends the process when npm could not install: its own message says why. */
export async function installDependencies() {
  if (isInstalled()) return;
  const startedAt = Date.now();
  console.error('Installing dependencies (npm ci) …');
  const code = await runNpm([
    'ci',
    '--include=dev',
    '--include=optional',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ]);
  if (code !== 0) {
    console.error(`npm ci ended with exit code ${code}; its message is above.`);
    process.exit(code);
  }
  console.error(`Installed in ${Math.round((Date.now() - startedAt) / 1000)} s.`);
}

/** npm keeps a list of what it installed; what is locked must be in it, but for packages of other platforms. */
function isInstalled() {
  const locked = readPackages('package-lock.json');
  const installed = readPackages('node_modules/.package-lock.json');
  if (locked === undefined || installed === undefined) return false;
  const same = (path) => installed[path]?.integrity === locked[path]?.integrity;
  const missing = Object.keys(locked).filter((path) => path !== '' && !same(path) && !isForeign(locked[path]));
  return missing.length === 0;
}

function isForeign({ optional, os, cpu, libc }) {
  if (optional !== true) return false;
  const excludes = (list, value) => list !== undefined && ![list].flat().includes(value);
  return excludes(os, process.platform) || excludes(cpu, process.arch) || libc !== undefined;
}

function readPackages(path) {
  try {
    return JSON.parse(readFileSync(join(root, path), 'utf8')).packages;
  } catch {
    return undefined;
  }
}

function runNpm(args) {
  const npm = process.env.npm_execpath;
  const options = { cwd: root, stdio: 'inherit' };
  if (npm?.endsWith('.js')) return passSignalsOn(spawn(process.execPath, [npm, ...args], options));
  return passSignalsOn(spawn('npm', args, { ...options, shell: process.platform === 'win32' }));
}
