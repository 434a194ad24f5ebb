import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
  request as sendRequest,
} from 'node:http';

/** What goes wrong with a request to the store. */
export type S3Effect =
  | { readonly kind: 'status'; readonly status: number }
  /** It arrives, and is never answered. */
  | { readonly kind: 'silence' }
  /** It reaches the store only after a while. */
  | { readonly kind: 'slowness'; readonly ms: number }
  /** The connection breaks when so many bytes of the request have come, or all of them; the store has seen nothing of it. */
  | { readonly kind: 'cut-request'; readonly afterBytes: number }
  /** The connection breaks when so many bytes of the answer's body have gone; the store has done its work. */
  | { readonly kind: 'cut-answer'; readonly afterBytes: number }
  /** Nothing more comes after so many bytes of the answer's body, and the connection stays. */
  | { readonly kind: 'stall-answer'; readonly afterBytes: number };

export interface S3Fault {
  /** Compared with method and address, such as `PUT /bucket/key?partNumber=1`. */
  readonly on: RegExp;
  /** How many of those requests it meets, from now on. */
  readonly times: number;
  readonly effect: S3Effect;
}

export interface SeenRequest {
  readonly line: string;
  readonly headers: IncomingHttpHeaders;
  /** Whether its connection is done with it: answered whole, or broken. */
  isOver: boolean;
}

export interface FaultyS3 {
  readonly endpoint: string;
  /** Every request so far, with those that were met by a fault. */
  readonly seen: readonly SeenRequest[];
  /** @returns to put an end to it before its time */
  add(fault: S3Fault): { end(): void };
}

/** Stands before an S3 store and does to requests what it was told. */
export async function startFaultyS3(test: { after(work: () => unknown): void }, upstream: string): Promise<FaultyS3> {
  const seen: SeenRequest[] = [];
  const faults: { readonly fault: S3Fault; left: number }[] = [];
  const server = createServer((incoming, outgoing) => {
    const line = `${incoming.method} ${incoming.url}`;
    const request: SeenRequest = { line, headers: incoming.headers, isOver: false };
    seen.push(request);
    outgoing.on('close', () => {
      request.isOver = true;
    });
    const met = faults.find(({ fault, left }) => left > 0 && fault.on.test(line));
    if (met !== undefined) met.left -= 1;
    treat(upstream, met?.fault.effect, incoming, outgoing);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  test.after(async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    seen,
    add(fault) {
      const added = { fault, left: fault.times };
      faults.push(added);
      return {
        end() {
          added.left = 0;
        },
      };
    },
  };
}

function treat(
  upstream: string,
  effect: S3Effect | undefined,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): void {
  if (effect === undefined || effect.kind === 'cut-answer' || effect.kind === 'stall-answer') {
    pass(upstream, incoming, outgoing, effect);
  } else if (effect.kind === 'cut-request') cutAfter(incoming, effect.afterBytes);
  else if (effect.kind === 'slowness') setTimeout(() => pass(upstream, incoming, outgoing, undefined), effect.ms);
  else {
    incoming.resume();
    if (effect.kind === 'status') incoming.on('end', () => answerError(outgoing, effect.status));
  }
}

const CODES: Readonly<Record<number, string>> = {
  403: 'AccessDenied',
  404: 'NotFound',
  500: 'InternalError',
  501: 'NotImplemented',
  503: 'SlowDown',
};

function answerError(outgoing: ServerResponse, status: number): void {
  const text = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${CODES[status]}</Code></Error>`;
  outgoing.writeHead(status, { 'content-type': 'application/xml' }).end(text);
}

function cutAfter(incoming: IncomingMessage, afterBytes: number): void {
  let left = afterBytes;
  incoming.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left <= 0) incoming.socket.destroy();
  });
  incoming.on('end', () => incoming.socket.destroy());
}

/** Host and signature stay as they are: the store checks what the client has signed. */
function pass(
  upstream: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  limit: AnswerLimit | undefined,
): void {
  const { hostname, port } = new URL(upstream);
  const { method, url: path, headers } = incoming;
  const passed = sendRequest({ hostname, port, method, path, headers }, (answer) => {
    const { kind, afterBytes } = limit ?? { kind: undefined, afterBytes: Number.POSITIVE_INFINITY };
    if (kind === 'cut-answer' && afterBytes === 0) return void outgoing.destroy();
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    let left = afterBytes;
    answer.on('data', (chunk: Buffer) => {
      const allowed = chunk.subarray(0, left);
      left -= allowed.length;
      if (left === 0 && kind === 'cut-answer') outgoing.write(allowed, () => outgoing.destroy());
      else if (allowed.length > 0 && !outgoing.write(allowed)) answer.pause();
    });
    outgoing.on('drain', () => answer.resume());
    answer.on('end', () => kind === undefined && outgoing.end());
    answer.on('error', () => outgoing.destroy());
  });
  passed.on('error', () => outgoing.destroy());
  outgoing.on('close', () => passed.destroy());
  incoming.pipe(passed);
}

type AnswerLimit = Extract<S3Effect, { readonly kind: 'cut-answer' | 'stall-answer' }>;
