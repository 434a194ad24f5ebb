// Sees to the programs that the tests need. Plain JavaScript for Node 20 and later.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Installs what is missing where it can (as root, with apt-get), and otherwise stops, naming the command. */
export async function installSystemPackages() {
  const missing = listPackages().filter(({ command }) => !isThere(command));
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => name);
  if (process.getuid?.() !== 0 || !isThere('apt-get')) stop(names);
  console.log(`Installing ${names.join(', ')} (apt-get) …`);
  if (!install(names)) {
    aptGet('update', '-q');
    if (!install(names)) stop(names);
  }
}

function listPackages() {
  const lines = readFileSync(new URL('system-packages.txt', import.meta.url), 'utf8').split('\n');
  return lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(' '))
    .map(([name, command]) => ({ name, command }));
}

function isThere(command) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, process.platform === 'win32' ? `${command}.exe` : command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function install(names) {
  return aptGet('install', '-q', '-y', '--no-install-recommends', ...names);
}

function aptGet(...args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return spawnSync('apt-get', args, { env, stdio: ['ignore', 'ignore', 'inherit'] }).status === 0;
}

function stop(names) {
  console.error(`The tests need ${names.join(', ')}. Install with: sudo apt-get install -y ${names.join(' ')}`);
  process.exit(1);
}
