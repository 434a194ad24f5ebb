import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { TestCertificate } from './certificates.ts';
import { findFreePort } from './find-free-port.ts';
import type { TestGitServer } from './git-servers.ts';
import { until } from './until.ts';

const MODULES = ['mpm_event', 'authn_core', 'authn_file', 'auth_basic', 'authz_core', 'authz_user', 'dav', 'dav_svn'];
const TLS_MODULES = ['socache_shmcb', 'ssl'];
const READING_IS_FREE = ['<LimitExcept GET PROPFIND OPTIONS REPORT>', 'Require valid-user', '</LimitExcept>'];
/** Another process may take the port between our finding it and Apache's. */
const MOST_TRIES = 10;

/**
 * Serves the Subversion repositories in a folder over http(s) by Apache with mod_dav_svn, of which everything lies in a
 * folder of its own in there.
 *
 * @param options `user`: who is let in, everybody by default; `readers`: who may look; `certificate`: with which it
 *   speaks https
 */
export async function startSvnHttp(
  folder: string,
  options: {
    readonly user?: { readonly name: string; readonly password: string };
    readonly readers?: 'everybody';
    readonly certificate?: TestCertificate;
  } = {},
): Promise<Pick<TestGitServer, 'url' | 'stop'>> {
  const own = join(folder, 'apache');
  await mkdir(own, { recursive: true });
  if (options.user !== undefined) await writePasswords(join(own, 'users'), options.user);
  for (let tries = 1; ; tries++) {
    const port = await findFreePort();
    await writeFile(join(own, 'httpd.conf'), configuration(folder, own, port, options));
    const child = start(own);
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    if (await isServing(child, own)) {
      const stop = async () => {
        child.kill('SIGTERM');
        await ended;
      };
      // Svn takes no address of a machine for the name in a certificate.
      const url = options.certificate === undefined ? `http://127.0.0.1:${port}/` : `https://localhost:${port}/`;
      return { url, stop };
    }
    const log = await readFile(join(own, 'error.log'), 'utf8').catch(() => '');
    if (tries === MOST_TRIES || !/Address already in use/.test(log)) throw new Error(`Apache did not start:\n${log}`);
  }
}

/**
 * Threads, for svn keeps several connections open at once, and a server that has fewer processes than that waits for
 * ever. Apache does not serve as root: where a test is, it is another user that may write all the same.
 */
function start(own: string): ChildProcess {
  const command = ['apache2', '-f', join(own, 'httpd.conf'), '-D', 'FOREGROUND'];
  const asNobody = ['--reuid', '65534', '--regid', '65534', '--clear-groups'];
  const withRights = ['--inh-caps', '+dac_override', '--ambient-caps', '+dac_override'];
  const [program = '', ...args] = userInfo().uid === 0 ? ['setpriv', ...asNobody, ...withRights, ...command] : command;
  return spawn(program, args, { stdio: 'ignore', env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` } });
}

function configuration(
  folder: string,
  own: string,
  port: number,
  { user, readers, certificate }: NonNullable<Parameters<typeof startSvnHttp>[1]>,
): string {
  const modules = certificate === undefined ? MODULES : [...MODULES, ...TLS_MODULES];
  const tls = certificate && [
    'SSLEngine on',
    `SSLCertificateFile "${certificate.certFile}"`,
    `SSLCertificateKeyFile "${certificate.keyFile}"`,
    'SSLSessionCache none',
  ];
  const required = readers === 'everybody' ? READING_IS_FREE : ['Require valid-user'];
  const login = user && ['AuthType Basic', 'AuthName "Our sources"', `AuthUserFile "${own}/users"`, ...required];
  return [
    `ServerRoot "${own}"`,
    'ServerName 127.0.0.1',
    `Listen 127.0.0.1:${port}`,
    `DefaultRuntimeDir "${own}"`,
    `PidFile "${own}/pid"`,
    `ErrorLog "${own}/error.log"`,
    'Mutex pthread',
    ...modules.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`),
    'ServerLimit 1',
    'StartServers 1',
    'ThreadsPerChild 16',
    'MaxRequestWorkers 16',
    ...(tls ?? []),
    '<Location />',
    'DAV svn',
    `SVNParentPath "${folder}"`,
    ...(login ?? []),
    '</Location>',
    '',
  ].join('\n');
}

async function writePasswords(path: string, user: { readonly name: string; readonly password: string }): Promise<void> {
  const { stdout } = await promisify(execFile)('openssl', ['passwd', '-apr1', user.password]);
  await writeFile(path, `${user.name}:${stdout.trim()}\n`);
  await chmod(path, 0o644);
}

/** Whether it began to serve; false when it ended instead. */
async function isServing(child: ChildProcess, own: string): Promise<boolean> {
  return await until('Apache serves or ends', async () => {
    if (child.exitCode !== null || child.signalCode !== null) return 'ended';
    const log = await readFile(join(own, 'error.log'), 'utf8').catch(() => '');
    return log.includes('resuming normal operations') ? 'serves' : false;
  }).then((what) => what === 'serves');
}
