import { type Command, Option } from 'commander';
import type { Client } from '../protocol/client.ts';
import {
  formatRetention,
  type KeepingReason,
  MOST_NAMED,
  type PruneAnswer,
  type PrunePackages,
  RETENTION_PRESETS,
} from '../protocol/retention.ts';
import type { Cli } from './cli.ts';
import { CommandFailure } from './exit-codes.ts';
import { formatRelative, formatSize } from './human-text.ts';
import { formatTable, print } from './output.ts';
import { parseCount } from './quantities.ts';
import { ask } from './read-secret.ts';
import { openClient, type RemoteOptions, remoteCommand } from './remote-command.ts';

interface PruneOptions extends RemoteOptions {
  readonly dryRun?: boolean;
  readonly keepNewest?: number;
  readonly keepDays?: number;
  readonly preset?: (typeof RETENTION_PRESETS)[number];
  readonly yes?: boolean;
}

/** `slipway package prune` */
export function addPruneCommand(parent: Command, cli: Cli): void {
  remoteCommand(parent, 'prune <app>', "delete the packages that nothing keeps, by the app's retention or another one")
    .option('--dry-run', 'delete nothing, and say what would go and what keeps the others')
    .option('--keep-newest <number>', 'keep the newest so many of each branch', parseCount)
    .option('--keep-days <days>', 'keep those that are younger', parseCount)
    .addOption(new Option('--preset <name>', 'keep what the hosted service keeps').choices(RETENTION_PRESETS))
    .option('--yes', 'delete without asking')
    .action((app: string, options: PruneOptions) => prune(cli, app, options));
}

async function prune(cli: Cli, app: string, options: PruneOptions): Promise<void> {
  const client = await openClient(cli, options);
  const request = readRequest(options);
  if (options.dryRun !== true && options.yes !== true) {
    const isAsked = cli.stdin.isTTY === true && options.json !== true;
    if (!isAsked)
      throw new CommandFailure('usage', 'MISSING', 'Give --yes to delete packages, or --dry-run to see which.');
    const found = await pruneAll(client, app, { ...request, DryRun: true });
    if (found.Count > 0 && !(await confirm(cli, app, found)))
      return print(cli, options, found, () => 'Nothing was deleted.');
    if (found.Count === 0) return print(cli, options, found, () => describe(cli, app, found));
  }
  const answer = await pruneAll(client, app, { ...request, DryRun: options.dryRun === true });
  print(cli, options, answer, () => describe(cli, app, answer));
}

function readRequest({ keepNewest, keepDays, preset }: PruneOptions): PrunePackages {
  return {
    ...(keepNewest !== undefined && { KeepNewest: keepNewest }),
    ...(keepDays !== undefined && { KeepDays: keepDays }),
    ...(preset !== undefined && { Preset: preset }),
  };
}

async function confirm(cli: Cli, app: string, found: PruneAnswer): Promise<boolean> {
  cli.stderr.write(`${describe(cli, app, found)}\n`);
  return /^y(?:es)?$/i.test(await ask(cli, `Delete ${countPackages(found.Count)} of ${app}? [y/N] `));
}

/** Calls until every package was looked at. @returns all that came, as one answer */
async function pruneAll(client: Client, app: string, request: PrunePackages): Promise<PruneAnswer> {
  let all = await client.prunePackages(app, request);
  while (all.Cursor !== null) all = add(all, await client.prunePackages(app, { ...request, Cursor: all.Cursor }));
  return all;
}

function add(before: PruneAnswer, next: PruneAnswer): PruneAnswer {
  const kept = Object.entries(next.Kept).map(([reason, count]) => [
    reason,
    before.Kept[reason as KeepingReason] + count,
  ]);
  return {
    ...next,
    Count: before.Count + next.Count,
    Bytes: before.Bytes + next.Bytes,
    Packages: [...before.Packages, ...next.Packages].slice(0, MOST_NAMED),
    Kept: Object.fromEntries(kept),
  };
}

const REASONS: Readonly<Record<KeepingReason, string>> = {
  Unfinished: 'not ended',
  InUse: 'in use',
  Pinned: 'pinned',
  HeldLast: 'held last by an environment',
  Newest: 'among the newest of their branch',
  Young: 'younger than the days that are kept',
};

function describe(cli: Cli, app: string, answer: PruneAnswer): string {
  const { Count, Bytes, Packages, Kept, DryRun } = answer;
  const rows = Packages.map((one) => [
    one.Name,
    one.Status,
    one.Status === 'Succeeded' ? formatSize(one.Size) : '',
    formatRelative(one.CreationDate, cli.now()),
    one.PackageId,
  ]);
  const table = formatTable(['name', 'status', 'size', 'created', 'package id'], rows, '');
  const more = Count > Packages.length ? [`and ${Count - Packages.length} more`] : [];
  const verb = DryRun ? 'would be deleted' : 'deleted';
  const total = `${countPackages(Count)} of ${app} ${verb} by ${formatRetention(answer.Retention)}: ${formatSize(Bytes)}.`;
  const reasons = Object.entries(REASONS).flatMap(([reason, words]) => {
    const count = Kept[reason as KeepingReason];
    return count === 0 ? [] : [`${count} ${words}`];
  });
  const kept = reasons.length === 0 ? [] : [`Kept: ${reasons.join(', ')}.`];
  return [...(rows.length === 0 ? [] : [table, ...more, '']), total, ...kept].join('\n');
}

function countPackages(count: number): string {
  return `${count} ${count === 1 ? 'package' : 'packages'}`;
}
