import type { Cli } from '../cli/cli.ts';
import { formatDuration } from '../cli/human-text.ts';
import type { Configuration } from './configuration.ts';
import { untilStopped } from './stop-signals.ts';

/** Lets a server or a worker run until Ctrl-C or SIGTERM, then stops it gracefully. */
export async function runUntilStopped(
  cli: Cli,
  { shutdownGraceMs }: Configuration,
  running: { stop(): Promise<void> },
): Promise<void> {
  await untilStopped(cli.signal);
  const grace = formatDuration(shutdownGraceMs);
  cli.stderr.write(`Stopping; running builds may go on for up to ${grace}. Once more stops at once.\n`);
  await running.stop();
  cli.stderr.write('Stopped.\n');
}
