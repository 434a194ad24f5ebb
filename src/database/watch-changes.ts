import type { Topic } from './change-notices.ts';
import type { Database } from './database.ts';

/**
 * Yields at once, and again after each commit that may have changed something, until the signal fires. Changes that come
 * while the caller looks at the last one are yielded as one.
 */
export async function* watchChanges(
  database: Pick<Database, 'onChange'>,
  topic: Topic,
  signal: AbortSignal,
): AsyncGenerator<void> {
  let change = Promise.withResolvers<void>();
  const onChange = () => change.resolve();
  const stop = database.onChange(topic, onChange);
  signal.addEventListener('abort', onChange);
  try {
    while (!signal.aborted) {
      // Renewed before the caller looks: a change while it does wakes the next turn.
      change = Promise.withResolvers();
      yield;
      if (!signal.aborted) await change.promise;
    }
  } finally {
    stop();
    signal.removeEventListener('abort', onChange);
  }
}
