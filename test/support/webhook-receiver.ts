import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';
import { serveUntilEnd } from './serve-until-end.ts';
import { MESSAGE_SECRET } from './webhooks.ts';

/** A message as it came, its signature checked. */
export interface ReceivedMessage {
  readonly id: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into payloads of every shape
  readonly payload: any;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** What is done with a message: it is taken, the connection is cut, or nothing is answered; or this is answered. */
export type Reception =
  | 'take'
  | 'cut'
  | 'silence'
  /** The head of an answer, and then nothing. */
  | 'begin'
  | {
      readonly status: number;
      readonly body?: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly afterMs?: number;
    };

export interface WebhookReceiver {
  readonly url: string;
  /** Oldest first; those that came again too. Those whose signature is wrong are answered 401 and stand in `forged`. */
  readonly messages: readonly ReceivedMessage[];
  readonly forged: readonly ReceivedMessage[];
  /** What is done with the next messages, one each; those after them are dealt with as usual. */
  next(...receptions: readonly Reception[]): void;
  /** What is done with messages of which nothing was said. */
  usually(reception: Reception): void;
}

export interface ReceiverOptions {
  /** What is done with messages of which nothing is said. */
  readonly usual?: Reception;
  readonly secret?: string;
  /** False for a test with a time of its own, whose signatures are of another day. */
  readonly isStrict?: boolean;
}

/** A receiver on loopback that verifies what it gets with the library of Standard Webhooks. */
export async function startWebhookReceiver(
  test: { after(work: () => unknown): void },
  { usual = 'take', secret = MESSAGE_SECRET, isStrict = true }: ReceiverOptions = {},
): Promise<WebhookReceiver> {
  const messages: ReceivedMessage[] = [];
  const forged: ReceivedMessage[] = [];
  const receptions: Reception[] = [];
  let usually = usual;

  const receive = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await text(request);
    const message = readMessage(request, body);
    if (isStrict && !isGenuine(secret, message)) {
      forged.push(message);
      return void response.writeHead(401).end();
    }
    messages.push(message);
    await answer(receptions.shift() ?? usually, response);
  };

  const server = createServer((request, response) => {
    receive(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  return {
    url: `${await serveUntilEnd(test, server)}/hook`,
    messages,
    forged,
    next: (...given) => void receptions.push(...given),
    usually(reception) {
      usually = reception;
    },
  };
}

function readMessage({ headers }: IncomingMessage, body: string): ReceivedMessage {
  const flat = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
  return { id: flat['webhook-id'] ?? '', headers: flat, body, payload: JSON.parse(body), at: Date.now() };
}

function isGenuine(secret: string, { body, headers }: ReceivedMessage): boolean {
  try {
    new Webhook(secret).verify(body, headers);
    return true;
  } catch {
    return false;
  }
}

async function answer(reception: Reception, response: ServerResponse): Promise<void> {
  if (reception === 'silence') return;
  if (reception === 'cut') return void response.destroy();
  if (reception === 'begin') return void response.writeHead(200).write('Working on');
  if (reception === 'take') return void response.end('Thank you');
  if (reception.afterMs !== undefined) await setTimeout(reception.afterMs);
  response.writeHead(reception.status, reception.headers).end(reception.body);
}
