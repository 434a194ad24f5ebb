import type { PostAnswer } from '../webhooks/post-message.ts';

/** What an attempt at a message came to. */
export type Verdict =
  | { readonly kind: 'delivered' }
  | {
      readonly kind: 'failed';
      /** Why, in a sentence. */
      readonly error: string;
      /** The endpoint, which may do as badly with other messages; else it is this message. */
      readonly isOfEndpoint: boolean;
      /** For how long the endpoint asked to be left alone. */
      readonly askedMs?: number;
    }
  /** The endpoint says that it wants to be told nothing any more. */
  | { readonly kind: 'gone'; readonly error: string };

/**
 * What an answer means; that 410 stands for an endpoint that is gone is in the specification of Standard Webhooks.
 *
 * @param host names the endpoint in sentences
 * @param now milliseconds since 1970
 */
export function judgeAnswer(host: string, answer: PostAnswer, now: number): Verdict {
  if (answer.kind === 'unanswered') return { kind: 'failed', error: answer.error, isOfEndpoint: true };
  const { status, headers } = answer;
  if (status >= 200 && status < 300) return { kind: 'delivered' };
  if (status === 410) return { kind: 'gone', error: `${host} answered 410: it is gone for good.` };
  const isOfEndpoint = status >= 500 || PASSING.includes(status);
  const error = `${host} answered ${status}${isRedirect(status) ? REDIRECT : '.'}`;
  const askedMs = LIMITED.includes(status) ? readRetryAfter(headers['retry-after'], now) : undefined;
  return { kind: 'failed', error, isOfEndpoint, ...(askedMs !== undefined && { askedMs }) };
}

const REDIRECT = ', a redirect, which is not followed: give the webhook the url that it leads to.';
/** Too slow, too early, too many. */
const PASSING: readonly number[] = [408, 425, 429];
const LIMITED: readonly number[] = [429, 503];

function isRedirect(status: number): boolean {
  return status >= 300 && status < 400;
}

/** Seconds, or a date. */
function readRetryAfter(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(at - now, 0);
}
