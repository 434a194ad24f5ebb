import type { Database, Queries } from '../database/database.ts';
import { findDueMessage, listWaitingWebhooks } from '../database/webhook-messages.ts';
import { findActiveWebhook } from '../database/webhooks.ts';
import { latestPause } from '../domain/webhook-retries.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { type DeliverDeps, deliverMessage } from './deliver-message.ts';
import type { LaneSource } from './lanes.ts';
import { openPace, type Pace } from './pace.ts';
import { type DeliveryOutcome, recordDelivery } from './record-delivery.ts';
import { Turns } from './turns.ts';

export interface MessageLanesDeps extends DeliverDeps {
  readonly database: Database;
  readonly metrics: Pick<Metrics, 'observeDelivery'>;
}

interface PacedDeps extends MessageLanesDeps {
  readonly pace: Pace;
  readonly turns: Turns;
}

/** So many endpoints may be slow at once before others have to wait for them. */
const MOST_LANES = 32;
/** What cannot be written down is not sent: it would be sent over and over. */
const NO_ROOM_MS = 10_000;
/** Fifty messages a second at most: what they cost is taken from builds and answers. */
const GAP_MS = 20;
/** Then it is seen whether a webhook without a lane has waited longer. */
const TURN_MS = 1000;

/**
 * The messages to webhooks, with a lane for each webhook: one at a time, in the order of what happened. One that fails is
 * postponed and lets others by, unless its webhook rests. Between an answer and its record a crash may come: a message is
 * sent again then, under the same id.
 */
export function messageLanes(deps: MessageLanesDeps): LaneSource {
  const { database, clock } = deps;
  const turns = new Turns();
  const paced = { ...deps, pace: openPace(GAP_MS), turns };
  return {
    mostLanes: MOST_LANES,
    async next(busy) {
      const most = busy.length + turns.size + 1;
      const now = clock();
      const waiting = await listWaitingWebhooks(database.read, { latest: latestPause(now) }, most);
      if (waiting.length < most) turns.keep(waiting);
      const [first, ...others] = waiting.filter(({ id }) => !busy.includes(id));
      if (first === undefined) return undefined;
      if (first.at > now) return { at: first.at };
      if (!(await database.hasRoom())) return { at: now + NO_ROOM_MS };
      const { id } = turns.first([first, ...others.filter(({ at }) => at <= now)]);
      return { lane: id, perform: (signal) => deliverDue(paced, id, signal) };
    },
  };
}

/** Sends what is due, for as long as all goes well and the lane's turn lasts. */
async function deliverDue(deps: PacedDeps, webhookId: string, signal: AbortSignal): Promise<void> {
  const ends = performance.now() + TURN_MS;
  let outcome: DeliveryOutcome | undefined;
  do {
    await deps.pace(signal);
    outcome = await deliverNext(deps, webhookId, signal);
  } while (outcome === 'delivered' && performance.now() < ends);
  if (outcome === undefined) deps.turns.forget(webhookId);
  else deps.turns.end(webhookId, deps.clock());
}

/** @returns undefined where nothing is due any more */
async function deliverNext(
  deps: MessageLanesDeps,
  webhookId: string,
  signal: AbortSignal,
): Promise<DeliveryOutcome | undefined> {
  const { database, metrics, clock } = deps;
  const webhook = await findActiveWebhook(database.read, webhookId);
  const now = clock();
  const message = await findDueMessage(database.read, webhookId, { now, latest: latestPause(now) });
  if (webhook === undefined || message === undefined) return undefined;
  const delivery = await deliverMessage(deps, webhook, message, signal);
  const record = (queries: Queries) => recordDelivery(queries, message, delivery, clock());
  // What a loss of power takes back is sent again.
  const outcome = await database.transaction(record, 'relaxed');
  if (outcome !== undefined) metrics.observeDelivery(outcome, delivery.durationMs / 1000);
  return outcome;
}
