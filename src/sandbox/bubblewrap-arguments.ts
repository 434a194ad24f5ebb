import { lstat, readlink, realpath } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { BuildFailure } from '../domain/failure.ts';
import { quote } from '../domain/refusal.ts';
import type { RoomPlaces, SandboxCommand } from './sandbox.ts';

/** Where a command finds its room. */
export const PLACES: RoomPlaces = { workspace: '/workspace', home: '/home/builder', tmp: '/tmp' };
const USER_ID = 1000;

/** What of `/etc` programs need to find their libraries, certificates, alternatives and the time. */
const ETC = [
  'alternatives',
  'ca-certificates',
  'ca-certificates.conf',
  'ld.so.cache',
  'ld.so.conf',
  'ld.so.conf.d',
  'localtime',
  'mime.types',
  'nsswitch.conf',
  'pki',
  'ssl',
];
/** Keys of the host's services for TLS, which a server that is root could read. */
const PRIVATE = ['/etc/ssl/private', '/etc/pki/tls/private'];
const SHM_BYTES = 64 * 1024 * 1024;

/** Files that are made inside: who the user is. */
export const MADE_FILES = {
  '/etc/passwd': `builder:x:${USER_ID}:${USER_ID}:builder:${PLACES.home}:/bin/sh\n`,
  '/etc/group': `builder:x:${USER_ID}:\n`,
  '/etc/hosts': '127.0.0.1 localhost\n::1 localhost\n',
} as const;

/**
 * What bubblewrap is told for a command: no namespace of the host's, nothing of its files but the system's programs. Where
 * the command wants a network, bubblewrap has to be started in one already, which becomes the command's.
 *
 * @param hidden absolute paths that are never seen inside, wherever they lie
 * @param fileDescriptors from which the contents of files that are made inside are read
 * @returns each argument with a NUL at its end, as bubblewrap reads them
 * @throws BuildFailure `no-sandbox` for one that holds NUL itself: bubblewrap would take what follows as an order
 */
export async function bubblewrapArguments(
  command: SandboxCommand,
  hidden: readonly string[],
  fileDescriptors: ReadonlyMap<string, number>,
): Promise<string> {
  const told = await orders(command, hidden, fileDescriptors);
  const wrong = told.find((word) => word.includes('\0'));
  if (wrong === undefined) return told.map((word) => `${word}\0`).join('');
  throw new BuildFailure(
    'no-sandbox',
    `The sandbox cannot be told of ${quote(wrong)}: take the NUL character out of it.`,
  );
}

async function orders(
  command: SandboxCommand,
  hidden: readonly string[],
  fileDescriptors: ReadonlyMap<string, number>,
): Promise<readonly string[]> {
  const { room, writable, environment } = command;
  return [
    ...[
      '--unshare-all',
      ...(command.network ? ['--share-net'] : []),
      '--unshare-user',
      '--disable-userns',
      '--die-with-parent',
      '--new-session',
    ],
    ...['--uid', `${USER_ID}`, '--gid', `${USER_ID}`, '--cap-drop', 'ALL', '--hostname', 'sandbox', '--clearenv'],
    ...(await systemFolders()),
    ...ETC.flatMap((name) => ['--ro-bind-try', `/etc/${name}`, `/etc/${name}`]),
    ...[...fileDescriptors].flatMap(([path, descriptor]) => ['--perms', '0444', '--file', `${descriptor}`, path]),
    ...maskUnder(['/usr', '/etc', '/bin', '/sbin', '/lib'], hidden),
    ...(await there(PRIVATE)).flatMap((path) => ['--tmpfs', path]),
    // The kernel's settings are files of root's there, which it lets a server's root write without any right.
    ...[
      '--proc',
      '/proc',
      '--remount-ro',
      '/proc',
      '--dev',
      '/dev',
      '--size',
      `${SHM_BYTES}`,
      '--tmpfs',
      '/dev/shm',
      '--remount-ro',
      '/dev',
    ],
    ...['--bind', join(room, 'tmp'), PLACES.tmp, '--bind', join(room, 'home'), PLACES.home],
    ...['--bind', join(room, 'workspace'), PLACES.workspace],
    // After the folder for temporary files: one of them may lie there outside.
    ...(await readOnlyFolders(command.readOnly, hidden)),
    ...writable.flatMap(({ folder, at }) => ['--bind', folder, join(PLACES.workspace, at)]),
    ...['--remount-ro', '/', '--chdir', PLACES.workspace],
    ...Object.entries(environment).flatMap(([name, value]) => ['--setenv', name, value]),
  ];
}

/** Most systems have links from `/bin` to `/usr/bin` and so on. */
async function systemFolders(): Promise<readonly string[]> {
  const told = ['--ro-bind', '/usr', '/usr'];
  for (const path of ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32']) {
    const entry = await lstat(path).catch(() => undefined);
    if (entry?.isSymbolicLink() === true) told.push('--symlink', await readlink(path), path);
    else if (entry?.isDirectory() === true) told.push('--ro-bind', path, path);
  }
  return told;
}

async function there(paths: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const path of paths) if ((await lstat(path).catch(() => undefined))?.isDirectory() === true) found.push(path);
  return found;
}

async function readOnlyFolders(folders: readonly string[], hidden: readonly string[]): Promise<readonly string[]> {
  const told: string[] = [];
  for (const folder of folders) {
    const path = await realpath(folder);
    told.push('--ro-bind', path, folder, ...maskUnder([path], hidden, folder));
  }
  return told;
}

/** Puts an empty folder over what lies under one of these. */
function maskUnder(roots: readonly string[], hidden: readonly string[], seenAs?: string): readonly string[] {
  return roots.flatMap((root) =>
    hidden
      .filter((path) => isUnder(root, path))
      .flatMap((path) => ['--tmpfs', join(seenAs ?? root, relative(root, path))]),
  );
}

function isUnder(root: string, path: string): boolean {
  return path === root || path.startsWith(`${root}/`);
}
