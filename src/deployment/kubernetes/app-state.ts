import { onOneLine } from '../../domain/on-one-line.ts';
import { hideQueries } from './hide-queries.ts';
import type { MendixApp } from './mendix-app.ts';

/**
 * The words of the documentation ("Monitoring the Build Process") are `Started` and `Stopped` for `appState`, and `Ready`
 * for these. How the operator says that something failed is not documented: see {@link findTrouble}.
 */
const READY_FIELDS = [
  'buildStatus',
  'databaseStatus',
  'mendixAppState',
  'networkStatus',
  'runtimeStatus',
  'storageStatus',
] as const;

/** Whether the app runs, as the resource now says it should. */
export function isUp({ metadata, status = {} }: MendixApp): boolean {
  if (!isObserved(metadata, status) || !is(status.appState, 'started')) return false;
  return READY_FIELDS.every((field) => status[field] === undefined || is(status[field], 'ready'));
}

/** Whether nothing runs; so it is also of a resource that the operator has said nothing of yet. */
export function isDown({ metadata, status = {} }: MendixApp): boolean {
  return isObserved(metadata, status) && (status.appState === undefined || is(status.appState, 'stopped'));
}

/** What the status says that sounds like a failure, in the operator's words; undefined for none. */
export function findTrouble({ metadata, status = {} }: MendixApp): string | undefined {
  if (!isObserved(metadata, status)) return undefined;
  const words = Object.entries(status).filter(
    ([field, value]) => field !== 'appURL' && typeof value === 'string' && /fail|error/i.test(value),
  );
  if (words.length === 0) return undefined;
  return onOneLine(hideQueries(words.map(([field, value]) => `${field} ${JSON.stringify(value)}`).join(', ')), 500);
}

/** By the convention of Kubernetes, for operators that keep to it; whether this one does is not documented. */
function isObserved({ generation }: MendixApp['metadata'], status: Readonly<Record<string, unknown>>): boolean {
  const { observedGeneration } = status;
  return typeof observedGeneration !== 'number' || generation === undefined || observedGeneration >= generation;
}

const is = (value: unknown, word: string) => typeof value === 'string' && value.toLowerCase() === word;
