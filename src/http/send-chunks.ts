import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';

/**
 * Sends the head of an answer and then its body, chunk by chunk: the next one is asked for when the kernel has taken the
 * one before, whose memory may then be used again. Gives up, without an error, when the client has gone.
 *
 * @param reply hijacked; it tells the length of the body
 * @throws whatever `chunks` throw; the connection is broken then, so that nobody takes what was sent for the whole
 */
export async function sendChunks(reply: FastifyReply, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  const response = reply.raw;
  response.statusCode = reply.statusCode;
  for (const [name, value] of Object.entries(reply.getHeaders()))
    if (value !== undefined) response.setHeader(name, value);
  try {
    for await (const chunk of chunks) if (!(await write(response, chunk))) return;
    response.end();
  } catch (error) {
    response.destroy();
    throw error;
  }
}

/** @returns whether it was written; otherwise nobody is there any more */
function write(response: ServerResponse, chunk: Uint8Array): Promise<boolean> {
  return new Promise((resolve) => {
    if (response.destroyed) {
      resolve(false);
      return;
    }
    const leave = () => resolve(false);
    response.once('close', leave);
    response.write(chunk, (error) => {
      response.off('close', leave);
      resolve(error === null || error === undefined);
    });
  });
}
