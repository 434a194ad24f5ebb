import type { WebhookMessageRow, WebhookRow } from '../database/schema.ts';
import type { WebhookHeader, WebhookSecrets } from '../operations/webhook-secrets.ts';
import { type MessageHeaders, messageHeaders } from '../webhooks/message-headers.ts';
import { type PostAnswer, type PostOptions, postMessage } from '../webhooks/post-message.ts';
import { judgeAnswer, type Verdict } from './judge-answer.ts';

export interface DeliverDeps {
  /** What a webhook signs with, and its own headers. Throws where they cannot be read. */
  readonly openSecrets: (webhook: WebhookRow) => {
    readonly secrets: WebhookSecrets;
    readonly headers: readonly WebhookHeader[];
  };
  readonly post: PostOptions;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/** An attempt at a message, and what it came to. */
export interface Delivery {
  readonly verdict: Verdict;
  /** The webhook as it was then. */
  readonly webhook: WebhookRow;
  /** Without what is secret. */
  readonly requestHeaders: Readonly<Record<string, string>>;
  /** Without what of that it repeats. */
  readonly answer: PostAnswer;
  /** When it began. */
  readonly at: number;
  readonly durationMs: number;
}

/** Sends a message to a webhook once. @throws the reason of `signal` */
export async function deliverMessage(
  deps: DeliverDeps,
  webhook: WebhookRow,
  message: WebhookMessageRow,
  signal: AbortSignal,
): Promise<Delivery> {
  const { url } = webhook;
  const at = deps.clock();
  const begun = performance.now();
  const headers = signed(deps, webhook, message, at);
  const posting = headers && { url, headers: headers.sent, body: message.payload };
  const given = posting === undefined ? UNREADABLE : await postMessage(deps.post, posting, signal);
  const answer = headers === undefined ? given : hideInAnswer(given, headers.hideIn);
  return {
    verdict: judgeAnswer(new URL(url).host, answer, deps.clock()),
    webhook,
    requestHeaders: headers?.shown ?? {},
    answer,
    at,
    durationMs: Math.round(performance.now() - begun),
  };
}

const UNREADABLE: PostAnswer = {
  kind: 'unanswered',
  error: 'What the webhook signs with cannot be read, for it was sealed with another key: give it another secret.',
};

function hideInAnswer(answer: PostAnswer, hideIn: MessageHeaders['hideIn']): PostAnswer {
  if (answer.kind === 'unanswered') return answer;
  const headers = Object.entries(answer.headers).map(([name, value]) => [name, hideIn(value)] as const);
  return { ...answer, headers: Object.fromEntries(headers), text: hideIn(answer.text) };
}

/** @returns undefined where the secrets cannot be read */
function signed(deps: DeliverDeps, webhook: WebhookRow, message: WebhookMessageRow, at: number) {
  const opened = tryTo(() => deps.openSecrets(webhook));
  if (opened === undefined) return undefined;
  const { current, former } = opened.secrets;
  const secrets = former !== undefined && former.until > at ? [current, former.secret] : [current];
  const { id, payload: body, is_test } = message;
  return messageHeaders(secrets, opened.headers, {
    id,
    timestamp: Math.floor(at / 1000),
    body,
    isTest: is_test === 1,
  });
}

function tryTo<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
