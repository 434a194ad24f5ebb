import { createServer } from 'node:http';
import type { TestGitServer } from './git-servers.ts';

/** Asks everybody for a password and remembers what was given. */
export async function startAsking(seen: string[]): Promise<TestGitServer> {
  let count = 0;
  const server = createServer((request, response) => {
    count++;
    if (request.headers.authorization !== undefined) seen.push(request.headers.authorization);
    request.resume();
    response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="stranger"' }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  const stop = async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { url: `http://127.0.0.1:${port}/`, count: () => count, stop };
}
