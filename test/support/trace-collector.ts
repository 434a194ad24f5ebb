import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { readOtlp, type SentSpan } from './read-otlp.ts';
import { serveUntilEnd } from './serve-until-end.ts';
import { until } from './until.ts';

/** A collector of traces on loopback, which speaks OTLP over HTTP. */
export interface TraceCollector {
  /** Without the path of OTLP. */
  readonly url: string;
  /** As they came. */
  readonly spans: readonly SentSpan[];
  /** What came, as it came. */
  readonly requests: readonly { readonly path: string; readonly headers: IncomingHttpHeaders; readonly body: Buffer }[];
  /** How it answers from now on: by a status, or never. */
  usually(answer: number | 'silence'): void;
  /** Cuts every connection. */
  cut(): void;
  /** Waits until a build has spans of all these names. @returns its spans, in the order in which they began */
  untilTraced(packageId: string, names: readonly SentSpan['name'][]): Promise<readonly SentSpan[]>;
}

export async function startTraceCollector(test: { after(work: () => unknown): void }): Promise<TraceCollector> {
  const spans: SentSpan[] = [];
  const requests: TraceCollector['requests'][number][] = [];
  let usual: number | 'silence' = 200;
  const receive = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await buffer(request);
    requests.push({ path: request.url ?? '', headers: request.headers, body });
    if (usual === 'silence') return;
    if (usual === 200) spans.push(...readOtlp(body));
    response.writeHead(usual).end();
  };

  // Whoever is killed while it sends has nothing to be answered.
  const server = createServer((request, response) => void receive(request, response).catch(() => undefined));
  return {
    url: await serveUntilEnd(test, server),
    spans,
    requests,
    usually(answer) {
      usual = answer;
    },
    cut: () => server.closeAllConnections(),
    async untilTraced(packageId, names) {
      return await until(
        `spans of ${names.join(', ')} have come`,
        () => {
          const found = traceOf(spans, packageId);
          return names.every((name) => found.some((span) => span.name === name)) && found;
        },
        60_000,
      );
    },
  };
}

/** All of the traces that a package is named in. */
function traceOf(spans: readonly SentSpan[], packageId: string): readonly SentSpan[] {
  const named = spans.filter(({ attributes }) => attributes['slipway.package.id'] === packageId);
  const traceIds = new Set(named.map(({ traceId }) => traceId));
  return spans.filter(({ traceId }) => traceIds.has(traceId)).toSorted((one, other) => one.from - other.from);
}
