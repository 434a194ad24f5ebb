import type { Client } from '../protocol/client.ts';
import { ClientError } from '../protocol/client-error.ts';
import { pause } from '../protocol/http-call.ts';
import { hasEnded, type WirePackage } from '../protocol/package.ts';
import type { Cli } from './cli.ts';
import { CommandFailure } from './exit-codes.ts';
import { formatDuration } from './human-text.ts';
import { printable } from './printable.ts';
import { openProgress, type Progress } from './progress.ts';

export interface Watch {
  readonly app: string;
  readonly packageId: string;
  /** How long to wait at most. */
  readonly timeoutMs: number;
  /** Whether to show the log's lines too. */
  readonly follow: boolean;
  /** Whether the server has just answered; one that never did is taken for absent, and not waited for. */
  readonly hasAnswered: boolean;
}

/** Between two streams of events, where the first ended before the build did. */
const PAUSE_MS = 500;
/** For how long a server that does not answer is asked again: longer than a restart. */
const OUTAGE_MS = 60_000;

/**
 * Waits until a build has ended and shows how it is doing on standard error: one line that changes on a terminal, one
 * line per change elsewhere. A server that restarts meanwhile is waited for.
 *
 * @throws CommandFailure `timedOut`; ClientError
 */
export async function watchBuild(cli: Cli, client: Client, watch: Watch): Promise<WirePackage> {
  const deadline = AbortSignal.timeout(watch.timeoutMs);
  const signal = AbortSignal.any([cli.signal, deadline]);
  const shown = openStatusDisplay(cli);
  const report: Report = { status: shown.show, line: shown.print, lines: 0 };
  try {
    return await untilEnded(cli, () => followOnce(client, { ...watch, signal }, report), { ...watch, signal });
  } catch (error) {
    if (!deadline.aborted || cli.signal.aborted) throw error;
    const message = `The build ${watch.packageId} has not ended after ${formatDuration(watch.timeoutMs)}; it goes on.`;
    throw new CommandFailure('timedOut', 'TIMED_OUT', message);
  } finally {
    shown.close();
  }
}

interface Report {
  readonly status: (found: WirePackage) => void;
  readonly line: (text: string) => void;
  /** How many lines of the log were shown: after a new start of the stream they come again. */
  lines: number;
}

type Question = Watch & { readonly signal: AbortSignal };

async function untilEnded(
  cli: Cli,
  question: () => Promise<WirePackage | undefined>,
  { hasAnswered, signal }: Question,
): Promise<WirePackage> {
  let reachedAt = hasAnswered ? cli.now() : undefined;
  for (;;) {
    try {
      const found = await question();
      if (found !== undefined && hasEnded(found.Status)) return found;
      reachedAt = cli.now();
    } catch (error) {
      // Who says that it is going down is there.
      if (error instanceof ClientError && error.code === 'SHUTTING_DOWN') reachedAt ??= cli.now();
      if (!isOutage(error) || reachedAt === undefined || cli.now() - reachedAt > OUTAGE_MS) throw error;
    }
    await pause(PAUSE_MS, signal);
  }
}

/**
 * Follows the events of the package until they end: only they tell the status at once as well as each change of it.
 *
 * @returns the package as it was seen last
 */
async function followOnce(client: Client, question: Question, report: Report) {
  let last: WirePackage | undefined;
  let seen = 0;
  for await (const event of client.followPackage(question.app, question.packageId, { signal: question.signal })) {
    if (event.type === 'status') {
      last = event.package;
      report.status(last);
    } else {
      seen += 1;
      if (question.follow && seen > report.lines) report.line(event.line);
      report.lines = Math.max(report.lines, seen);
    }
  }
  return last;
}

/** The stream of a server that goes down breaks with a TypeError of `fetch`; a new call to it is a ClientError. */
function isOutage(error: unknown): boolean {
  if (error instanceof ClientError) {
    return error.code === 'UNREACHABLE' || error.code === 'TIMED_OUT' || error.code === 'SHUTTING_DOWN';
  }
  return error instanceof TypeError;
}

interface StatusDisplay {
  show(found: WirePackage): void;
  /** A line of its own, above the one that changes. */
  print(text: string): void;
  close(): void;
}

function openStatusDisplay(cli: Cli): StatusDisplay {
  const progress = openProgress(cli);
  let last: WirePackage | undefined;
  const refresh = () => showProgress(cli, progress, last);
  const timer = setInterval(refresh, 250);
  return {
    show(found) {
      if (!progress.isShown && found.Status !== last?.Status) cli.stderr.write(`${found.Status} ${found.Name}\n`);
      last = found;
      refresh();
    },
    print(text) {
      progress.clear();
      cli.stderr.write(`${printable(text)}\n`);
      refresh();
    },
    close() {
      clearInterval(timer);
      progress.clear();
    },
  };
}

function showProgress(cli: Cli, progress: Progress, found: WirePackage | undefined): void {
  if (found === undefined || hasEnded(found.Status)) return;
  progress.show(`${found.Status} ${found.Name}  ${formatDuration(Math.max(0, cli.now() - found.CreationDate))}`);
}
