import { connect } from 'node:net';

/** An answer as it came over the connection. */
export interface RawAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** The body as JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into answers of every shape
  json(): any;
}

/**
 * Writes exactly these bytes to a server, in these pieces, and reads until it closes the connection: for requests that
 * no HTTP library would make. Let them ask for `Connection: close`.
 */
export async function sendRaw(url: string, ...pieces: readonly (string | Uint8Array)[]): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.setNoDelay(true);
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const received: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => received.push(chunk));
  // A server that refuses a request may reset the connection that is still being written to.
  socket.on('error', (error) => (received.length > 0 ? undefined : reject(error)));
  socket.on('close', () => resolve(Buffer.concat(received).toString()));
  for (const piece of pieces) await new Promise<void>((sent) => socket.write(piece, () => sent()));
  return parseAnswer(await promise);
}

function parseAnswer(answer: string): RawAnswer {
  const end = answer.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = answer.slice(0, end).split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
  const body = answer.slice(end + 4);
  const text = headers['transfer-encoding'] === 'chunked' ? joinChunks(body) : body;
  return { status: Number(statusLine.split(' ')[1]), headers, text, json: () => JSON.parse(text) };
}

function joinChunks(body: string): string {
  let text = '';
  let rest = Buffer.from(body);
  for (;;) {
    const end = rest.indexOf('\r\n');
    const size = Number.parseInt(rest.toString('latin1', 0, end), 16);
    if (end < 0 || !(size > 0)) return text;
    text += rest.toString('utf8', end + 2, end + 2 + size);
    rest = rest.subarray(end + 2 + size + 2);
  }
}
