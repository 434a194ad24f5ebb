import type { Database } from '../database/database.ts';
import { deleteMessagesEndedBefore } from '../database/webhook-messages.ts';

export interface SweepMessagesDeps {
  readonly database: Database;
  readonly clock: () => number;
}

/** How long it can be seen what a webhook was told, and how that went. */
const MESSAGE_LIFE_MS = 30 * 24 * 60 * 60 * 1000;
/** Deleted in one transaction: a few milliseconds, and less than the reserve of the database. */
const PAGE = 250;

/** Deletes messages to webhooks that ended long ago, a page at a time, so that others have their turn in between. */
export async function sweepMessages({ database, clock }: SweepMessagesDeps, signal: AbortSignal): Promise<void> {
  const before = clock() - MESSAGE_LIFE_MS;
  const removePage = () => database.transactionInReserve((queries) => deleteMessagesEndedBefore(queries, before, PAGE));
  while (!signal.aborted && (await removePage()) === PAGE);
}
