/*
 * `npm run bench`: measures this program against its references, each pair in the same run, prints the table and, when
 * every row was measured, writes it to docs/benchmarks.md.
 *
 *     npm run bench [-- <group> …] [--json]
 */

import { loadavg } from 'node:os';
import { measureBackup } from './backup.ts';
import { writeBenchmarksPage } from './benchmarks-page.ts';
import { measureBranches } from './branches.ts';
import { measureBuilds } from './builds.ts';
import { measureDownload } from './download.ts';
import { formatRow, formatTable } from './format-rows.ts';
import { measureKill } from './kill.ts';
import { measureLarge } from './large.ts';
import { measureMemory } from './memory.ts';
import { measureMillion } from './million.ts';
import { measurePackaging } from './packaging.ts';
import { measurePrune } from './prune.ts';
import type { Bench, Row, RowGroup } from './row.ts';
import { measureScale } from './scale/scale.ts';
import { measureScript } from './script.ts';
import { measureStatus } from './status.ts';
import { measureSvn } from './svn.ts';
import { measureTransports } from './transports.ts';
import { measureUpload } from './upload.ts';
import { measureWarmMxbuild } from './warm-mxbuild.ts';
import { measureWebhooks } from './webhooks.ts';

const GROUPS: Readonly<Record<string, RowGroup>> = {
  builds: measureBuilds,
  packaging: measurePackaging,
  svn: measureSvn,
  script: measureScript,
  mxbuild: measureWarmMxbuild,
  status: measureStatus,
  download: measureDownload,
  branches: measureBranches,
  transports: measureTransports,
  webhooks: measureWebhooks,
  memory: measureMemory,
  large: measureLarge,
  upload: measureUpload,
  million: measureMillion,
  prune: measurePrune,
  backup: measureBackup,
  kill: measureKill,
};

/** These take long and have pages of their own: they are measured only where they are asked for by name. */
const APART: Readonly<Record<string, RowGroup>> = { scale: measureScale };

async function main(args: readonly string[]): Promise<void> {
  const names = args.filter((arg) => !arg.startsWith('--'));
  const all = { ...GROUPS, ...APART };
  const unknown = names.find((name) => all[name] === undefined);
  if (unknown !== undefined) throw new Error(`There are no rows '${unknown}', only ${Object.keys(all).join(', ')}.`);
  const [loadBefore = 0] = loadavg();
  const rows: Row[] = [];
  for (const [name, group] of Object.entries(names.length === 0 ? GROUPS : all)) {
    if (names.length === 0 || names.includes(name)) rows.push(...(await runGroup(group)));
  }
  console.log(args.includes('--json') ? JSON.stringify(rows, null, 2) : formatTable(rows));
  if (names.length === 0) await writeBenchmarksPage(rows, { loadBefore, groups: Object.keys(GROUPS) });
}

const STOP_SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** Runs a group, and undoes what it did to the machine whether it succeeds, fails, or is stopped. */
async function runGroup(group: RowGroup): Promise<readonly Row[]> {
  const undo: (() => unknown)[] = [];
  const undoAll = async () => {
    for (const work of undo.splice(0).reverse()) await work();
  };
  const stop = () => void undoAll().finally(() => process.exit(130));
  for (const signal of STOP_SIGNALS) process.on(signal, stop);
  const bench: Bench = {
    after: (work) => undo.push(work),
    say: (text) => console.error(text),
  };
  try {
    const rows = await group(bench);
    for (const row of rows) bench.say(formatRow(row).join(' · '));
    return rows;
  } finally {
    for (const signal of STOP_SIGNALS) process.off(signal, stop);
    await undoAll();
  }
}

await main(process.argv.slice(2));
