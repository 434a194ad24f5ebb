import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener, request as sendRequest } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect } from 'node:net';
import type { TestCertificate } from './certificates.ts';
import type { TestGitServer } from './git-servers.ts';

/** What comes to a server that passes everything on. */
export interface Passing {
  readonly method: string;
  /** A path; with the host before it where the client takes the server for a proxy. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
}

/**
 * Passes every request on to one server, whatever host it is for: what stands before a server, or a proxy between.
 *
 * @param upstream ends in `/`
 * @param admit is told of each request, which waits for its promise. Where that gives a status and headers, they are the
 *   answer
 * @param certificate with which it speaks https
 */
export async function startForwarding(
  upstream: string,
  admit: (
    passing: Passing,
  ) => Promise<{ readonly status: number; readonly headers: Record<string, string> } | undefined>,
  certificate?: TestCertificate,
): Promise<TestGitServer> {
  const { hostname, port } = new URL(upstream);
  let count = 0;
  const answer: RequestListener = async (incoming, outgoing) => {
    count++;
    const { method = 'GET', url = '/', headers } = incoming;
    const refusal = await admit({ method, url, headers });
    if (refusal !== undefined) {
      incoming.resume();
      outgoing.writeHead(refusal.status, refusal.headers).end();
      return;
    }
    const path = url.replace(/^http:\/\/[^/]*/, '');
    const passed = sendRequest({ hostname, port, method, path, headers }, (response) => {
      outgoing.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(outgoing);
    });
    passed.on('error', () => outgoing.destroy());
    incoming.pipe(passed);
  };
  const server =
    certificate === undefined
      ? createServer(answer)
      : createTlsServer(
          { cert: await readFile(certificate.certFile), key: await readFile(certificate.keyFile) },
          answer,
        );
  server.on('connect', async ({ url = '', headers }, socket) => {
    count++;
    socket.on('error', () => undefined);
    await admit({ method: 'CONNECT', url, headers });
    const through = connect(Number(port), hostname, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      socket.pipe(through).pipe(socket);
    });
    through.on('error', () => socket.destroy());
    socket.on('close', () => through.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const own = address !== null && typeof address === 'object' ? address.port : 0;
  const stop = async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { url: `${certificate === undefined ? 'http' : 'https'}://127.0.0.1:${own}/`, count: () => count, stop };
}
