import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readlink } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openBuildApiWorld } from '../support/build-api-world.ts';
import { noise } from '../support/made-content.ts';
import { embeddedOnly } from '../support/shape.ts';
import { until } from '../support/until.ts';

/** A server with a package that takes many reads to send. */
async function openWorldWithPackage(t: TestContext) {
  const world = await openBuildApiWorld(t);
  const [revision] = await world.repository.commit([
    { branch: 'main', files: { 'data.bin': noise(12_000_000, 'data') } },
  ]);
  const { PackageId, Sha256, Size } = await world.build({ Revision: revision });
  const { username, apiKey } = world.richard;
  const path = `/api/1/apps/calc/packages/${PackageId}/download`;
  const headers = `Host: localhost\r\nMendix-Username: ${username}\r\nMendix-ApiKey: ${apiKey}\r\n`;
  const openConnection = (): Socket => {
    const { hostname, port } = new URL(world.server.url);
    return connect(Number(port), hostname);
  };
  return { ...world, openConnection, request: `GET ${path} HTTP/1.1\r\n${headers}\r\n`, sha256: Sha256, size: Size };
}

async function openPackageFiles(dataFolder: string): Promise<readonly string[]> {
  const links = (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => ''));
  return (await Promise.all(links)).filter((path) => path.startsWith(join(dataFolder, 'packages')));
}

test('a client that leaves in the middle of downloads leaves no file open', {
  skip: embeddedOnly('there are no files in S3'),
}, async (t) => {
  const { server, openConnection, request } = await openWorldWithPackage(t);
  const socket = openConnection();
  // The second of them waits for the first, and has sent nothing yet.
  socket.write(request + request);
  await once(socket, 'data');
  socket.pause();
  await until('a file is open', async () => (await openPackageFiles(server.dataFolder)).length > 0);
  socket.destroy();
  await until('no file is open', async () => (await openPackageFiles(server.dataFolder)).length === 0);
  assert.equal((await fetch(`${server.url}/healthz`)).status, 200);
});

test('downloads that are asked for together come whole, one after the other', async (t) => {
  const { openConnection, request, sha256, size } = await openWorldWithPackage(t);
  const socket = openConnection();
  socket.write(request + request.replace('Host', 'Connection: close\r\nHost'));
  const answers = Buffer.concat(await Array.fromAsync(socket, (chunk: Buffer) => chunk));
  let position = 0;
  for (let answer = 0; answer < 2; answer += 1) {
    const start = answers.indexOf('\r\n\r\n', position) + 4;
    position = start + size;
    assert.equal(hash('sha256', answers.subarray(start, position)), sha256);
  }
  assert.equal(position, answers.length);
});
