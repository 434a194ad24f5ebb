import { once } from 'node:events';
import type { ServerResponse } from 'node:http';

const HEARTBEAT_MS = 15_000;

/** An open stream of server-sent events (WHATWG HTML, 9.2). */
export interface EventStream {
  /** Resolves when more may be written. Does nothing once the client has gone. */
  send(events: readonly ServerSentEvent[], signal: AbortSignal): Promise<void>;
  end(): void;
}

export interface ServerSentEvent {
  readonly event: string;
  /** One line. */
  readonly data: string;
  /** What a client that reconnects gives back in Last-Event-ID. */
  readonly id?: string;
}

/** Sends the head of the answer; a comment every 15 seconds keeps proxies from closing a quiet stream. */
export function openEventStream(response: ServerResponse): EventStream {
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    // nginx would hold events back otherwise.
    'x-accel-buffering': 'no',
  });
  response.flushHeaders();
  const heartbeat = setInterval(() => response.write(':\n\n'), HEARTBEAT_MS);
  response.once('close', () => clearInterval(heartbeat));
  return {
    async send(events, signal) {
      if (response.destroyed || response.writableEnded || events.length === 0) return;
      const text = events.map(formatEvent).join('');
      if (!response.write(text) && !signal.aborted) await once(response, 'drain', { signal }).catch(() => undefined);
    },
    end() {
      clearInterval(heartbeat);
      response.end();
    },
  };
}

function formatEvent({ event, data, id }: ServerSentEvent): string {
  return `event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${data}\n\n`;
}
