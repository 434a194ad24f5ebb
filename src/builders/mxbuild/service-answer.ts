import type { Problem } from '../../protocol/package.ts';
import { parseProblems } from './problems.ts';
import { ServiceFault } from './service-fault.ts';

/** What MxBuild says of a build in service mode. */
export type ServiceAnswer =
  | { readonly kind: 'success' }
  | { readonly kind: 'model-errors'; readonly problems: readonly Problem[] };

const MOST_QUOTED = 300;

/**
 * Reads an answer to `POST /build`. Errors in the model are an answer; everything else but success says that the process
 * is of no use for this build.
 *
 * Source: the part on service mode in Mendix's page on MxBuild.
 *
 * @throws ServiceFault with what it said
 */
export function parseServiceAnswer(statusCode: number, text: string): ServiceAnswer {
  if (statusCode !== 200) throw new ServiceFault(`it answered ${statusCode}: ${quoted(text)}`);
  const { status, message } = parse(text);
  if (status === 'Success') return { kind: 'success' };
  if (status === 'Busy') throw new ServiceFault('it says that it is busy');
  if (status !== 'Failure') throw new ServiceFault(`it answered ${quoted(text)}`);
  const problems = parseProblems(text);
  if (problems.length > 0) return { kind: 'model-errors', problems };
  throw new ServiceFault(`it failed: ${typeof message === 'string' ? quoted(message) : 'without a reason'}`);
}

function parse(text: string): { readonly status?: unknown; readonly message?: unknown } {
  try {
    const answer: unknown = JSON.parse(text.replace(/^\ufeff/, ''));
    if (typeof answer === 'object' && answer !== null) return answer;
  } catch {}
  throw new ServiceFault(`its answer is no JSON object: ${quoted(text)}`);
}

/** For a line of the log. */
function quoted(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > MOST_QUOTED ? `${line.slice(0, MOST_QUOTED)}…` : line;
}
