import type { Cli } from '../cli/cli.ts';
import { EXIT_CODES } from '../cli/exit-codes.ts';
import { formatDuration } from '../cli/human-text.ts';
import type { Configuration } from './configuration.ts';
import { untilStopped } from './stop-signals.ts';

/** What stopping may take beside the grace. Whoever stops a process by force waits for longer: see `deploy/`. */
const FAREWELL_MS = 20_000;

/**
 * Lets a server or a worker run until Ctrl-C or SIGTERM, then stops it gracefully. Where that takes too long, for the database or
 * the store is away, the process ends as by a signal: what it could not say to them they find out.
 */
export async function runUntilStopped(
  cli: Cli,
  { shutdownGraceMs }: Configuration,
  running: { stop(): Promise<void> },
): Promise<void> {
  await untilStopped(cli.signal);
  const grace = formatDuration(shutdownGraceMs);
  cli.stderr.write(`Stopping; running builds may go on for up to ${grace}. Once more stops at once.\n`);
  const timer = setTimeout(() => leave(cli), shutdownGraceMs + FAREWELL_MS);
  await running.stop();
  clearTimeout(timer);
  cli.stderr.write('Stopped.\n');
}

function leave(cli: Cli): void {
  cli.stderr.write(
    'Stopped, though the database or the store does not answer: builds that were under way here are Queued again within 25 s of its return.\n',
  );
  process.exit(EXIT_CODES.unreachable.code);
}
