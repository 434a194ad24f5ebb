/**
 * Does something to each of many things, some of them at once. Where it fails, or the signal fires, those that have begun
 * are finished and no more begin.
 *
 * @throws what failed first; the reason of the signal
 */
export async function severalAtOnce<T>(
  things: AsyncGenerator<T>,
  count: number,
  work: (thing: T) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const failures: unknown[] = [];
  const worker = async () => {
    try {
      for (let next = await things.next(); !next.done; next = await things.next()) {
        signal.throwIfAborted();
        if (failures.length > 0) return;
        await work(next.value);
      }
    } catch (error) {
      failures.push(error);
    }
  };
  await Promise.all(Array.from({ length: count }, worker));
  if (failures.length > 0) throw failures[0];
}
