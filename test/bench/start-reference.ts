import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';
import type { Bench } from './row.ts';

/** Starts a bare `node:http` server that always answers `body`, after a while. @returns its URL */
export async function startBareHttp(bench: Bench, body: string, delayMs = 0): Promise<string> {
  const script = fileURLToPath(new URL('bare-http.ts', import.meta.url));
  const child = spawn(process.execPath, [script, body, String(delayMs)], { stdio: ['ignore', 'pipe', 'inherit'] });
  bench.after(() => endChild(child));
  const [line] = await once(child.stdout, 'data');
  return `http://127.0.0.1:${Number(String(line))}/`;
}

/** Starts nginx as it comes, with sendfile, over one folder. @returns its URL, with a slash at the end */
export async function startNginx(bench: Bench, root: string): Promise<string> {
  const folder = await temporaryFolder(bench);
  await chmod(folder, 0o755);
  await mkdir(join(folder, 'logs'));
  const port = await findFreePort();
  await writeFile(join(folder, 'nginx.conf'), nginxConfiguration(folder, root, port));
  const child = spawn('nginx', ['-p', folder, '-c', 'nginx.conf', '-e', 'logs/error.log'], {
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` },
    stdio: 'inherit',
  });
  bench.after(() => endChild(child));
  const url = `http://127.0.0.1:${port}/`;
  await until('nginx answers', async () => (await fetch(url).catch(() => undefined)) !== undefined);
  return url;
}

/** One process and no change of user, so that it reads what this user may read. */
function nginxConfiguration(folder: string, root: string, port: number): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `
daemon off;
master_process off;
pid ${folder}/nginx.pid;
events { worker_connections 64; }
http {
  ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join('\n  ')}
  access_log off;
  sendfile on;
  tcp_nopush on;
  server { listen 127.0.0.1:${port}; root ${root}; }
}
`;
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return address !== null && typeof address === 'object' ? address.port : 0;
}

async function endChild(child: ReturnType<typeof spawn>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'close');
  child.kill('SIGTERM');
  await ended;
}
