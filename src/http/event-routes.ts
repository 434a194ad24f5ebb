import type { FastifyInstance, FastifyRequest } from 'fastify';
import { findApp } from '../database/apps.ts';
import type { PackageRow } from '../database/schema.ts';
import { findExpiryDateOf } from '../operations/find-expiry-dates.ts';
import { hasEnded } from '../protocol/package.ts';
import { type EventStream, openEventStream } from './event-stream.ts';
import type { HttpDependencies } from './http-dependencies.ts';
import { LogLines } from './log-lines.ts';
import { getPackage, type PackageCall } from './package-calls.ts';
import { presentPackage } from './package-presenter.ts';
import { watchPackage } from './package-watch.ts';
import { withRequestSignal } from './request-signal.ts';
import { describe } from './route-schemas.ts';

type EventDependencies = Pick<HttpDependencies, 'database' | 'buildLog' | 'logger'>;

/** A build as it happens: its package at each change, its log line by line, until it has ended. */
export function addEventRoute(app: FastifyInstance, deps: EventDependencies, closing: AbortSignal): void {
  app.route<PackageCall>({
    method: ['GET', 'HEAD'],
    url: '/apps/:app/packages/:packageId/events',
    schema: describe('followPackage'),
    handler: async (request, reply) => {
      const row = await getPackage(deps, request);
      const start = Math.min(readLastEventId(request), await deps.buildLog.size(row.id));
      reply.hijack();
      const stream = openEventStream(reply.raw);
      if (request.method === 'HEAD') return stream.end();
      await withRequestSignal({ response: reply.raw, closing }, (signal) => follow(deps, row, start, stream, signal))
        .catch((error) => deps.logger.error({ err: error, packageId: row.id }, 'a stream of events broke'))
        .finally(() => stream.end());
    },
  });
}

/** The byte of the log up to which the client has seen it. */
function readLastEventId({ headers }: FastifyRequest): number {
  const text = String(headers['last-event-id'] ?? '').trim();
  return /^\d{1,15}$/.test(text) ? Number(text) : 0;
}

async function follow(
  deps: EventDependencies,
  row: PackageRow,
  start: number,
  stream: EventStream,
  signal: AbortSignal,
): Promise<void> {
  const lines = new LogLines(start);
  const logging = new AbortController();
  const stop = () => logging.abort();
  signal.addEventListener('abort', stop);
  const sent = sendLog(deps, row.id, lines, stream, logging.signal).catch((error) =>
    deps.logger.error({ err: error, packageId: row.id }, 'a log could not be followed'),
  );
  try {
    const last = await sendStatuses(deps, row, stream, signal);
    if (last === undefined) return;
    stop();
    await sent;
    await sendRest(deps, row.id, lines, stream, signal);
    await sendStatus(deps, stream, last, signal);
  } finally {
    stop();
    signal.removeEventListener('abort', stop);
    await sent;
  }
}

/** @returns the package once its build has ended; its event is left to the caller. Undefined when there is no more. */
async function sendStatuses(
  deps: EventDependencies,
  row: PackageRow,
  stream: EventStream,
  signal: AbortSignal,
): Promise<PackageRow | undefined> {
  let sent: PackageRow['status'] | undefined;
  for await (const current of watchPackage(deps, row, signal)) {
    if (hasEnded(current.status)) return current;
    if (current.status !== sent) await sendStatus(deps, stream, current, signal);
    sent = current.status;
  }
  return undefined;
}

async function sendStatus(
  { database }: EventDependencies,
  stream: EventStream,
  row: PackageRow,
  signal: AbortSignal,
): Promise<void> {
  const app = await findApp(database.read, row.app_id);
  const expiryDate = app === undefined ? null : await findExpiryDateOf(database.read, app, row);
  await stream.send([{ event: 'status', data: JSON.stringify(presentPackage(row, expiryDate)) }], signal);
}

async function sendLog(
  { buildLog }: EventDependencies,
  packageId: string,
  lines: LogLines,
  stream: EventStream,
  signal: AbortSignal,
): Promise<void> {
  for await (const chunk of buildLog.follow(packageId, lines.readUntil, signal)) {
    await sendLines(stream, lines, chunk, signal);
  }
}

/** What was written between the last look at the log and the end of the build. */
async function sendRest(
  { buildLog }: EventDependencies,
  packageId: string,
  lines: LogLines,
  stream: EventStream,
  signal: AbortSignal,
): Promise<void> {
  const range = { start: lines.readUntil, end: await buildLog.size(packageId) };
  for await (const chunk of await buildLog.read(packageId, range)) {
    if (signal.aborted) return;
    await sendLines(stream, lines, chunk, signal);
  }
}

function sendLines(stream: EventStream, lines: LogLines, chunk: Uint8Array, signal: AbortSignal): Promise<void> {
  const events = lines.add(chunk).map(({ text, endsAt }) => ({ event: 'log', id: String(endsAt), data: text }));
  return stream.send(events, signal);
}
