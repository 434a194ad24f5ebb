import { createSocket } from 'node:dgram';
import { once } from 'node:events';

const HEADER_BYTES = 12;

/**
 * A name server on 127.0.0.1, at the usual port: every name has this one IPv4 address.
 *
 * @returns the names that were asked for, as they come
 */
export async function startNameServer(
  test: { after(work: () => unknown): void },
  address: string,
): Promise<readonly string[]> {
  const asked: string[] = [];
  const socket = createSocket('udp4', (query, { port, address: asker }) => {
    const end = query.indexOf(0, HEADER_BYTES) + 1;
    asked.push(nameIn(query));
    socket.send(reply(query, end, query.readUInt16BE(end) === 1 ? address : undefined), port, asker);
  });
  socket.bind(53, '127.0.0.1');
  await once(socket, 'listening');
  test.after(() => socket.close());
  return asked;
}

function nameIn(query: Buffer): string {
  const labels: string[] = [];
  for (let at = HEADER_BYTES; query[at] !== 0; at += (query[at] ?? 0) + 1) {
    labels.push(query.toString('latin1', at + 1, at + 1 + (query[at] ?? 0)));
  }
  return labels.join('.');
}

/** The question, and what it is answered with: a pointer to its name, type A, class IN, five seconds, four bytes. */
function reply(query: Buffer, end: number, address: string | undefined): Buffer {
  const header = Buffer.from([0, 0, 0x81, 0x80, 0, 1, 0, address === undefined ? 0 : 1, 0, 0, 0, 0]);
  query.copy(header, 0, 0, 2);
  const parts = [header, query.subarray(HEADER_BYTES, end + 4)];
  if (address !== undefined) {
    parts.push(Buffer.from([0xc0, HEADER_BYTES, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, ...address.split('.').map(Number)]));
  }
  return Buffer.concat(parts);
}
