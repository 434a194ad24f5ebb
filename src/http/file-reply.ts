import type { FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../domain/refusal.ts';
import { type ByteRange, parseByteRange } from './byte-range.ts';
import { sendChunks } from './send-chunks.ts';

/** Bytes to be sent whole or in part. */
export interface FileReply {
  readonly sizeBytes: number;
  readonly contentType: string;
  /** A strong validator with its quotes; undefined for bytes that still grow. */
  readonly etag?: string;
  readonly headers: Readonly<Record<string, string>>;
  /** A chunk keeps its bytes until the next one is asked for. */
  open(range: ByteRange): Promise<AsyncIterable<Uint8Array>>;
  /** Told when the bytes could not be read to their end, which the client sees as a connection that breaks. */
  onError(error: unknown): void;
}

/**
 * Answers with a file: ranges (one; several are answered whole), If-Range, If-None-Match, HEAD.
 *
 * @throws Refusal RANGE_NOT_SATISFIABLE
 */
export async function sendFile(request: FastifyRequest, reply: FastifyReply, file: FileReply): Promise<FastifyReply> {
  reply.headers({ ...file.headers, ...(file.etag !== undefined && { etag: file.etag }), 'accept-ranges': 'bytes' });
  if (file.etag !== undefined && matches(request.headers['if-none-match'], file.etag)) return reply.code(304).send();
  const range = parseByteRange(usableRange(request, file.etag), file.sizeBytes);
  if (range === 'not satisfiable') throw refuseRange(reply, file.sizeBytes);
  if (range !== undefined) {
    reply.code(206).header('content-range', `bytes ${range.start}-${range.end}/${file.sizeBytes}`);
  }
  const { start, end } = range ?? { start: 0, end: file.sizeBytes - 1 };
  reply.type(file.contentType).header('content-length', String(end - start + 1));
  // Without a body Fastify would send chunks of none.
  if (request.method === 'HEAD' || file.sizeBytes === 0) return reply.send(request.method === 'HEAD' ? undefined : '');
  const chunks = await file.open({ start, end });
  reply.hijack();
  await sendChunks(reply, chunks).catch(file.onError);
  return reply;
}

/** A Range counts for GET alone, and only while the file is the one that If-Range speaks of. */
function usableRange({ method, headers }: FastifyRequest, etag: string | undefined): string | undefined {
  const condition = headers['if-range'];
  const applies = method === 'GET' && (condition === undefined || String(condition).trim() === etag);
  return applies ? headers.range : undefined;
}

function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  const tags = header.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes(etag) || tags.includes('*');
}

function refuseRange(reply: FastifyReply, sizeBytes: number): Refusal {
  reply.header('content-range', `bytes */${sizeBytes}`);
  return new Refusal('RANGE_NOT_SATISFIABLE', `The requested range lies outside of the ${sizeBytes} bytes there are.`);
}
