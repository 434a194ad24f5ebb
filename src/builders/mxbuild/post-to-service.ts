import { once } from 'node:events';
import { constants, type FileHandle, open } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { ServiceFault } from './service-fault.ts';

/** Names a file without opening it: Node has no name for the flag of Linux. */
const O_PATH = 0o10000000;
const MOST_ANSWER_BYTES = 16 * 1024 * 1024;

/**
 * Posts JSON to an MxBuild in service mode.
 *
 * @param socketPath of the relay beside it
 * @throws ServiceFault when there is no answer, or one that is too large; the reason of the signal
 */
export async function postToService(
  socketPath: string,
  path: string,
  body: object,
  signal: AbortSignal,
): Promise<{ readonly statusCode: number; readonly text: string }> {
  const socket = await connectToRelay(socketPath, signal);
  try {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const text = JSON.stringify(body);
    const headers = {
      host: 'localhost',
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
      connection: 'close',
    };
    request({ createConnection: () => socket, method: 'POST', path, headers, signal })
      .on('response', resolve)
      .on('error', reject)
      .end(text);
    const response = await promise;
    return { statusCode: response.statusCode ?? 0, text: await readAnswer(response) };
  } catch (error) {
    signal.throwIfAborted();
    throw asFault(error);
  } finally {
    socket.destroy();
  }
}

async function readAnswer(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > MOST_ANSWER_BYTES) throw new ServiceFault(`its answer has more than ${MOST_ANSWER_BYTES} bytes`);
  }
  return Buffer.concat(chunks).toString();
}

/**
 * Connects to a socket that a command of a build may put something else in the place of: a link would lead to a socket of
 * this machine, Docker's for one. What is connected to is the very file that was looked at, and, by the way, a path that
 * is never too long for a socket.
 *
 * @throws ServiceFault where there is no socket, or nobody listens; the reason of the signal
 */
export async function connectToRelay(path: string, signal: AbortSignal): Promise<Socket> {
  signal.throwIfAborted();
  let file: FileHandle | undefined;
  try {
    file = await open(path, O_PATH | constants.O_NOFOLLOW);
    if (!(await file.stat()).isSocket()) throw new ServiceFault('its socket is no socket');
    const socket = connect(`/proc/self/fd/${file.fd}`);
    // Whoever uses the socket listens too; until then nobody would.
    socket.on('error', () => undefined);
    await once(socket, 'connect', { signal });
    return socket;
  } catch (error) {
    signal.throwIfAborted();
    throw asFault(error);
  } finally {
    await file?.close();
  }
}

function asFault(error: unknown): ServiceFault {
  if (error instanceof ServiceFault) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new ServiceFault(`it gave no answer (${message})`, { cause: error });
}
