import { LRUCache } from 'lru-cache';
import { Check } from 'typebox/value';
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
  close(): void;
}

interface Expected {
  readonly secret: string;
  readonly take: (report: DeploymentReport) => void;
}

/** So many reports that have come are known when they come again: their senders may not have had the answer. */
const MOST_REMEMBERED = 1000;

/**
 * Brings the reports of systems that deploy to those who wait for them. What is waited for is held in memory alone: after
 * a restart an order is sent again, and is reported then.
 */
export class DeploymentReports {
  readonly #expected = new Map<string, Expected>();
  /** Secrets by order. */
  readonly #reported = new LRUCache<string, string>({ max: MOST_REMEMBERED });

  /** Expects the report of an order, signed with a secret. It may come from now on. */
  expect(orderId: string, secret: string, signal: AbortSignal): ExpectedReport {
    const { promise, resolve, reject } = Promise.withResolvers<DeploymentReport>();
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    // Whoever waits may have had another answer before.
    promise.catch(() => undefined);
    const expected = { secret, take: resolve };
    this.#expected.set(orderId, expected);
    return {
      report: promise,
      close: () => {
        signal.removeEventListener('abort', abort);
        if (this.#expected.get(orderId) === expected) this.#expected.delete(orderId);
      },
    };
  }

  /**
   * Takes a report. One that came before may come again, and changes nothing.
   *
   * @throws Refusal INVALID_REPORT for an order that is unknown or has ended, and for a signature that is not right;
   *   INVALID_PARAMETERS
   */
  take(given: SignedReport): void {
    const { orderId } = given;
    const expected = this.#expected.get(orderId);
    const secret = expected?.secret ?? this.#reported.get(orderId);
    // The address is not signed: the id of the message stands for it.
    const isOf = given.id === orderId && secret !== undefined;
    if (!isOf || !isGenuine(secret, given)) throw new Refusal('INVALID_REPORT');
    const report = parseReport(given.body);
    this.#reported.set(orderId, secret);
    expected?.take(report);
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
