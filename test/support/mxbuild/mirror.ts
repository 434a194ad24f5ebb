import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A mirror of MxBuild on the web. */
export interface TestMirror {
  /** As `SLIPWAY_MXBUILD_MIRROR` takes it. */
  readonly address: string;
  /** The paths that it was asked for. */
  readonly asked: readonly string[];
}

/** Starts a mirror that answers as it is told, until the test ends. */
export async function startMirror(
  test: { after(work: () => unknown): void },
  answer: (response: ServerResponse<IncomingMessage>) => unknown,
): Promise<TestMirror> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    answer(response);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  test.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { address: `http://127.0.0.1:${port}/mxbuild-{version}.tar.gz`, asked };
}
