/** Waits for a promise, which goes on by itself, no longer than until the signal fires. @throws its reason */
export async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  return await Promise.race([promise, aborted]).finally(() => signal.removeEventListener('abort', onAbort));
}
