import { randomUUID } from 'node:crypto';
import { Check } from 'typebox/value';
import type { Database } from '../../database/database.ts';
import { DatabaseUnavailable } from '../../database/database-unavailable.ts';
import { expectReport, findOrder, keepReport, stopExpecting } from '../../database/deployment-orders.ts';
import { Refusal } from '../../domain/refusal.ts';
import { type DeploymentReport, DeploymentReportSchema, REPORT_STATUSES } from '../../protocol/deployment-report.ts';
import { type ClaimedMessage, isGenuine } from '../../webhooks/signatures.ts';

/** A report as it came: its three headers are empty where they were not sent. */
export interface SignedReport extends ClaimedMessage {
  readonly orderId: string;
}

/** Of an order whose report somebody waits for. */
export interface ExpectedReport {
  /** Rejects with the reason of the signal. */
  readonly report: Promise<DeploymentReport>;
  /** Nobody waits for it any more: unless it has come, it is refused from then on. */
  close(): Promise<void>;
}

export interface DeploymentReportsOptions {
  readonly database: Database;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** What signs the reports of an environment; undefined where there is none any more. */
  readonly secretOf: (environmentId: string) => Promise<string | undefined>;
}

/**
 * Brings the reports of systems that deploy to those who wait for them, on whatever server either is: they are written
 * down, and checked where they come.
 */
export class DeploymentReports {
  readonly #options: DeploymentReportsOptions;

  constructor(options: DeploymentReportsOptions) {
    this.#options = options;
  }

  /** Expects the report of an order, in the turn of its environment. It may come once this resolves. */
  async expect(
    { id, environmentId }: { readonly id: string; readonly environmentId: string },
    signal: AbortSignal,
  ): Promise<ExpectedReport> {
    const { database, clock } = this.#options;
    const holder = randomUUID();
    await database.transaction((queries) => {
      // Whoever has lost the turn while this waited takes nothing from whoever has it now.
      signal.throwIfAborted();
      return expectReport(queries, { id, environment_id: environmentId, holder, created_at: clock() });
    }, 'relaxed');
    const { promise, resolve, reject } = Promise.withResolvers<DeploymentReport>();
    // Whoever waits may have had another answer before.
    promise.catch(() => undefined);
    const look = async () => {
      const order = await findOrder(database.read, id);
      if (order?.holder === holder && order.report !== null) resolve(JSON.parse(order.report));
    };
    // Once the database is back, it tells of everything.
    const lookNow = () => void look().catch((error) => error instanceof DatabaseUnavailable || reject(error));
    const stopListening = database.onChange(`order:${id}`, lookNow);
    lookNow();
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    return {
      report: promise,
      async close() {
        stopListening();
        signal.removeEventListener('abort', abort);
        try {
          await database.transaction((queries) => stopExpecting(queries, { id, holder }), 'relaxed');
        } catch (error) {
          // What was ordered has its end all the same; what is left of it goes with the next order.
          if (!(error instanceof DatabaseUnavailable)) throw error;
        }
      },
    };
  }

  /**
   * Takes a report. One that came before may come again, and changes nothing.
   *
   * @throws Refusal INVALID_REPORT for an order that is unknown or has ended, and for a signature that is not right;
   *   INVALID_PARAMETERS
   */
  async take(given: SignedReport): Promise<void> {
    const { database, secretOf } = this.#options;
    const { orderId } = given;
    const order = await findOrder(database.read, orderId);
    const secret = order && (await secretOf(order.environment_id));
    // The address is not signed: the id of the message stands for it.
    const isOf = given.id === orderId && secret !== undefined;
    if (!isOf || !isGenuine(secret, given)) throw new Refusal('INVALID_REPORT');
    const report = JSON.stringify(parseReport(given.body));
    if (!(await database.transaction((queries) => keepReport(queries, orderId, report)))) {
      throw new Refusal('INVALID_REPORT');
    }
  }
}

function parseReport(body: Uint8Array): DeploymentReport {
  const report = parseJson(body);
  if (Check(DeploymentReportSchema, report)) return report;
  const shape = `{"status": "${REPORT_STATUSES.join('" | "')}", "errorCode": …, "errorMessage": …}`;
  throw new Refusal('INVALID_PARAMETERS', `The report is not understood: send ${shape}.`);
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString());
  } catch {
    return undefined;
  }
}
