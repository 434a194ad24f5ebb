/**
 * Works on items, several at once. Once one has failed or the signal has fired nothing more is begun, and all that was
 * begun has ended before that is thrown.
 *
 * @param work its signal fires also when another item has failed
 */
export async function shareOut<T>(
  items: AsyncIterable<T>,
  atOnce: number,
  signal: AbortSignal,
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.asyncIterator]();
  const failed = new AbortController();
  const bound = AbortSignal.any([signal, failed.signal]);
  const worker = async () => {
    while (!bound.aborted) {
      const next = await iterator.next();
      if (next.done === true) return;
      await work(next.value, bound);
    }
  };
  const workers = Array.from({ length: atOnce }, () => worker().catch((error: unknown) => failed.abort(error)));
  await Promise.all(workers);
  await iterator.return?.();
  bound.throwIfAborted();
}
