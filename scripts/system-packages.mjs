// Sees to the programs that the tests and the benchmarks need. Plain JavaScript for Node 20 and later.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * Installs what is missing where it can (as root, with apt-get), and otherwise stops, naming the command.
 *
 * @param {string} list the file beside this one that lists them
 * @param {string} who needs them, for the message
 */
export async function installSystemPackages(list = 'system-packages.txt', who = 'The tests') {
  const missing = listPackages(list).filter(({ command }) => !isThere(command));
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => name);
  if (process.getuid?.() !== 0 || !isThere('apt-get')) stop(names, who);
  console.log(`Installing ${names.join(', ')} (apt-get) …`);
  if (!install(names)) {
    aptGet('update', '-q');
    if (!install(names)) stop(names, who);
  }
}

function listPackages(list) {
  const lines = readFileSync(new URL(list, import.meta.url), 'utf8').split('\n');
  return lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(' '))
    .map(([name, command]) => ({ name, command }));
}

function isThere(command) {
  if (command.startsWith('/')) return existsSync(command);
  // Where servers such as nginx are, outside of many people's PATH.
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin'];
  return folders.some((folder) => {
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

function stop(names, who) {
  console.error(`${who} need ${names.join(', ')}. Install with: sudo apt-get install -y ${names.join(' ')}`);
  process.exit(1);
}
