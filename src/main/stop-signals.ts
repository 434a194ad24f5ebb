/** One Ctrl-C reaches a process twice where npm passes on what the terminal sent already. */
const SAME_PRESS_MS = 500;

/**
 * Listens for SIGINT, SIGTERM and SIGHUP. The first asks politely, through the signal that is returned; another one ends
 * the process at once.
 */
export function watchStopSignals(): AbortSignal {
  const controller = new AbortController();
  let firstAt: number | undefined;
  const onSignal = (name: NodeJS.Signals, number: number) => {
    firstAt ??= performance.now();
    if (!controller.signal.aborted) controller.abort(new Error(`Stopped by ${name}.`));
    else if (performance.now() - firstAt > SAME_PRESS_MS) process.exit(128 + number);
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, onSignal);
  return controller.signal;
}

/** Resolves when the signal fires. */
export function untilStopped(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  signal.addEventListener('abort', () => resolve(), { once: true });
  return promise;
}
