/**
 * Waits for a condition, and for nothing longer than that.
 *
 * @param what stands in the message when the deadline passes
 */
export async function until<T>(
  what: string,
  condition: () => Promise<T | undefined | false> | T | undefined | false,
  deadlineMs = 20_000,
): Promise<T> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > deadline) throw new Error(`Waited ${deadlineMs} ms in vain for this: ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
