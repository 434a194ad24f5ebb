import type { TargetCall } from '../../protocol/target-codes.ts';
import type { DeploymentFailure } from '../deployment-target.ts';
import { reportedFailure } from './reported-failure.ts';

/** How a system that deploys has answered an order. */
export type OrderAnswer =
  | { readonly kind: 'done' }
  /** It reports later. */
  | { readonly kind: 'accepted' }
  | {
      readonly kind: 'failed';
      readonly failure: DeploymentFailure;
      /** Whether it may go better in a while. */
      readonly isPassing: boolean;
    };

/**
 * What an answer means.
 *
 * @param host names the system in messages
 * @param text the body, or its beginning
 */
export function readAnswer(
  call: TargetCall,
  { host, status, text }: { readonly host: string; readonly status: number; readonly text: string },
): OrderAnswer {
  if (status === 202) return { kind: 'accepted' };
  const body = parseObject(text);
  const isSuccess = status >= 200 && status < 300;
  if (isSuccess && body !== undefined && !('errorCode' in body)) return { kind: 'done' };
  const failure = reportedFailure(call, body, `${host} answered ${status}${explain(status, body)}`);
  // Where it knows what is wrong, asking again changes nothing.
  return { kind: 'failed', failure, isPassing: PASSING.test(String(status)) && failure.code === undefined };
}

const PASSING = /^(?:5\d\d|429)$/;

function explain(status: number, body: object | undefined): string {
  if (status >= 300 && status < 400) return ', which is not followed: give the target the url that it leads to.';
  if (status < 300 && body === undefined)
    return ' with what is no JSON object: is the url of the target the right one?';
  return '.';
}

/** @returns undefined for what is none; without a body, one that says nothing */
function parseObject(text: string): object | undefined {
  if (text.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
