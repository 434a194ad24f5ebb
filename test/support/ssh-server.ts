import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** A real sshd on this machine, which lets the user of the test in with one key. */
export interface TestSshServer {
  /** Ends in `/`: what follows is an absolute path. */
  readonly url: string;
  /** What lets an app in: the key, and a line of `known_hosts`. */
  readonly credentials: { readonly kind: 'ssh-key'; readonly privateKey: string; readonly knownHosts: string };
  /** The public keys that were offered, as sshd names them in its log. */
  log(): string;
  stop(): Promise<void>;
}

/** Starts one `sshd -i` per connection, which needs no rights beyond the user's own. */
export async function startSshServer(folder: string): Promise<TestSshServer> {
  const at = (name: string) => join(folder, name);
  await mkdir(folder, { recursive: true });
  // Wanted by an sshd that is run by root, and usually made when the machine starts.
  if (userInfo().uid === 0) await mkdir('/run/sshd', { recursive: true, mode: 0o755 });
  for (const name of ['host', 'user']) await makeKey(at(name));
  await writeFile(at('sshd_config'), configuration(folder));
  let log = '';
  const server = createServer((socket) => {
    const child = spawn('/usr/sbin/sshd', ['-i', '-e', '-f', at('sshd_config')], { stdio: ['pipe', 'pipe', 'pipe'] });
    child.stderr.on('data', (chunk: Buffer) => {
      log += chunk.toString();
    });
    socket.on('error', () => child.kill());
    socket.on('close', () => child.kill());
    child.stdin.on('error', () => undefined);
    child.stdout.on('end', () => socket.end());
    socket.pipe(child.stdin);
    child.stdout.pipe(socket, { end: false });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const hostKey = (await readFile(at('host.pub'), 'utf8')).split(' ').slice(0, 2).join(' ');
  return {
    url: `ssh://${userInfo().username}@127.0.0.1:${port}/`,
    credentials: {
      kind: 'ssh-key',
      privateKey: await readFile(at('user'), 'utf8'),
      knownHosts: `[127.0.0.1]:${port} ${hostKey}\n`,
    },
    log: () => log,
    stop: async () => {
      server.close();
      await once(server, 'close');
    },
  };
}

/** Makes an Ed25519 key. @param passphrase none where it is not given */
export async function makeKey(path: string, passphrase = ''): Promise<void> {
  await promisify(execFile)('ssh-keygen', ['-q', '-t', 'ed25519', '-N', passphrase, '-C', 'test', '-f', path]);
}

function configuration(folder: string): string {
  return [
    `HostKey ${join(folder, 'host')}`,
    `AuthorizedKeysFile ${join(folder, 'user.pub')}`,
    'PidFile none',
    'StrictModes no',
    'UsePAM no',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'PermitRootLogin yes',
    'LogLevel VERBOSE',
    '',
  ].join('\n');
}
