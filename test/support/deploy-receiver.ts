import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';
import type { TargetPackage } from '../../src/deployment/deployment-target.ts';
import type { PackageId } from '../../src/domain/identifiers.ts';
import { targetPackage } from './target-package.ts';

const FETCH_MS = 15_000;

export const WEBHOOK_SECRET = `whsec_${randomBytes(32).toString('base64')}`;

/** An order as it came, its signature checked. */
export interface ReceivedOrder {
  readonly id: string;
  readonly type: string;
  readonly timestamp: string;
  /** When it came, by `performance.now()`. */
  readonly at: number;
  /** How its link was answered, once it was. */
  linkStatus?: number;
  /** SHA-256 of what was fetched by its link, once it is here; also where it is another one than the order says. */
  fetched?: string;
  readonly data: {
    readonly orderId: string;
    /** Its mode. */
    readonly environment: string;
    readonly environmentId: string;
    readonly reportUrl: string;
    readonly package?: { readonly id: PackageId; readonly url: string; readonly sha256: string };
    readonly [name: string]: unknown;
  };
}

/** What is done with an order: it is deployed, and that is said at once or reported; or accepted, with no report yet; … */
export type Behaviour =
  | 'deploy'
  | 'report'
  /** Its answer goes on for ever. */
  | 'accept'
  /** Reports at once, and answers never. */
  | 'report unanswered'
  | 'cut'
  | 'silence'
  | { readonly status: number; readonly body?: string; readonly headers?: Readonly<Record<string, string>> };

/** A system that deploys by remembering. Orders whose signature is wrong are answered 401, and kept nowhere. */
export interface DeployReceiver {
  readonly url: string;
  /** Oldest first; those that came again too. */
  readonly orders: readonly ReceivedOrder[];
  /** What is done with the next orders, one each; those after them are dealt with as usual. */
  next(...behaviours: readonly Behaviour[]): void;
  /** Reports of an order. @returns the status of the answer */
  report(order: ReceivedOrder, report: object, secret?: string): Promise<number>;
  /** How many connections of orders that were accepted are closed again. */
  closedAfterAccepting(): number;
  /** Which package an environment runs. */
  running(environmentId: string): PackageId | undefined;
  /** Serves a package. */
  addPackage(): TargetPackage;
}

/** @param usual what is done with orders of which nothing was said */
export async function startDeployReceiver(
  test: { after(work: () => unknown): void },
  usual: Behaviour = 'deploy',
): Promise<DeployReceiver> {
  const orders: ReceivedOrder[] = [];
  const running = new Map<string, PackageId>();
  const files = new Map<string, Buffer>();
  const behaviours: Behaviour[] = [];
  let closed = 0;
  const reports: Promise<unknown>[] = [];

  const deploy = async (order: ReceivedOrder): Promise<void> => {
    const { type, data } = order;
    if (type === 'environment.transport') await fetchPackage(order);
    if (type === 'environment.start' && data.package !== undefined) running.set(data.environmentId, data.package.id);
    if (type === 'environment.stop') running.delete(data.environmentId);
  };

  const receive = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const order = await readOrder(request);
    if (order === undefined) return void response.writeHead(401).end();
    orders.push(order);
    const behaviour = behaviours.shift() ?? usual;
    if (behaviour === 'silence') return;
    if (behaviour === 'cut') return void response.destroy();
    if (typeof behaviour === 'object') {
      return void response.writeHead(behaviour.status, behaviour.headers).end(behaviour.body);
    }
    if (behaviour === 'accept') response.once('close', () => closed++);
    if (behaviour === 'accept') return void response.writeHead(202).write('Accepted, and working on it');
    if (behaviour === 'report') response.writeHead(202).end();
    await deploy(order);
    if (behaviour === 'deploy') return void response.end('{}');
    await sendReport(order, { status: order.type === 'environment.start' ? 'Started' : 'Done' });
  };

  const server = createServer((request, response) => {
    const file = files.get(request.url?.slice(1) ?? '');
    if (file !== undefined) return void response.end(file);
    const work = receive(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
    reports.push(work);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}`;
  test.after(async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
    await Promise.all(reports);
  });
  return {
    url: `${url}/orders`,
    orders,
    next: (...given) => void behaviours.push(...given),
    report: (order, report, secret) => sendReport(order, report, secret),
    closedAfterAccepting: () => closed,
    running: (environmentId) => running.get(environmentId),
    addPackage() {
      const id = randomUUID();
      const bytes = randomBytes(1000);
      files.set(id, bytes);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      return targetPackage({ sizeBytes: bytes.length, sha256, link: () => `${url}/${id}` });
    },
  };
}

async function readOrder(request: IncomingMessage): Promise<ReceivedOrder | undefined> {
  const body = await text(request);
  try {
    const headers = Object.entries(request.headersDistinct).map(([name, values]) => [name, values?.[0] ?? '']);
    const order = new Webhook(WEBHOOK_SECRET).verify(body, Object.fromEntries(headers));
    return {
      ...(order as Omit<ReceivedOrder, 'id' | 'at'>),
      id: String(request.headers['webhook-id']),
      at: performance.now(),
    };
  } catch {
    return undefined;
  }
}

async function fetchPackage(order: ReceivedOrder): Promise<void> {
  const { url = '', sha256 } = order.data.package ?? {};
  // Of a server that is frozen nothing comes: the order is sent again.
  const response = await fetch(url, { signal: AbortSignal.timeout(FETCH_MS) });
  order.linkStatus = response.status;
  if (!response.ok) throw new Error(`The package is not given: ${response.status}.`);
  order.fetched = createHash('sha256')
    .update(await response.bytes())
    .digest('hex');
  if (order.fetched !== sha256) throw new Error(`The package has ${order.fetched}, not ${sha256}.`);
}

async function sendReport({ id, data }: ReceivedOrder, report: object, secret = WEBHOOK_SECRET): Promise<number> {
  const body = JSON.stringify(report);
  const now = new Date();
  const headers = {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign(id, now, body),
  };
  return (await fetch(data.reportUrl, { method: 'POST', headers, body })).status;
}
