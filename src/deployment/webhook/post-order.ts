import { signedHeaders } from '../../webhooks/signatures.ts';
import { DeploymentFailure } from '../deployment-target.ts';
import { type OrderAnswer, readAnswer } from './order-answer.ts';
import type { WebhookOptions } from './webhook-options.ts';
import type { WebhookOrder } from './webhook-order.ts';

export interface PostDeps {
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** How long an answer may take. */
  readonly answerMs: number;
}

const MOST_ANSWER_BYTES = 64 * 1024;

/** Sends an order once. @throws the reason of `signal` */
export async function postOrder(
  { clock, answerMs }: PostDeps,
  order: WebhookOrder,
  { url, secret }: WebhookOptions,
  signal: AbortSignal,
): Promise<OrderAnswer> {
  signal.throwIfAborted();
  const { host } = new URL(url);
  const { id, call, body } = order;
  const timestamp = Math.floor(clock() / 1000);
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'slipway',
    ...signedHeaders([secret], { id, timestamp, body }),
  };
  const timeout = AbortSignal.timeout(answerMs);
  try {
    const bounded = AbortSignal.any([signal, timeout]);
    const response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal: bounded });
    return readAnswer(call, { host, status: response.status, text: await readBeginning(response) });
  } catch (cause) {
    signal.throwIfAborted();
    const reason = timeout.aborted ? `it did not answer within ${answerMs / 1000} s.` : `${explain(cause)}.`;
    const failure = new DeploymentFailure(`${host} cannot be asked: ${reason}`, { cause });
    return { kind: 'failed', failure, isPassing: true };
  }
}

/** @returns nothing of an answer that is not the end of it: its sender may write for as long as it deploys */
async function readBeginning({ status, body }: Response): Promise<string> {
  if (status === 202) {
    await body?.cancel();
    return '';
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > MOST_ANSWER_BYTES) break;
  }
  return Buffer.concat(chunks).toString();
}

/** `fetch` says no more than that it failed; what happened is its cause. */
function explain(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error ? ('code' in cause && String(cause.code)) || cause.message : String(cause);
}
