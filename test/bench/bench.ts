/*
 * `npm run bench`: measures this program against its references, each pair in the same run, prints the table and, when
 * every row was measured, writes it to docs/benchmarks.md.
 *
 *     npm run bench [-- builds packaging status download memory million kill] [--json]
 */

import { writeBenchmarksPage } from './benchmarks-page.ts';
import { measureBuilds } from './builds.ts';
import { measureDownload } from './download.ts';
import { formatRow, formatTable } from './format-rows.ts';
import { measureKill } from './kill.ts';
import { measureMemory } from './memory.ts';
import { measureMillion } from './million.ts';
import { measurePackaging } from './packaging.ts';
import type { Bench, Row, RowGroup } from './row.ts';
import { measureStatus } from './status.ts';

const GROUPS: Readonly<Record<string, RowGroup>> = {
  builds: measureBuilds,
  packaging: measurePackaging,
  status: measureStatus,
  download: measureDownload,
  memory: measureMemory,
  million: measureMillion,
  kill: measureKill,
};

async function main(args: readonly string[]): Promise<void> {
  const names = args.filter((arg) => !arg.startsWith('--'));
  const unknown = names.find((name) => GROUPS[name] === undefined);
  if (unknown !== undefined) throw new Error(`There are no rows '${unknown}', only ${Object.keys(GROUPS).join(', ')}.`);
  const rows: Row[] = [];
  for (const [name, group] of Object.entries(GROUPS)) {
    if (names.length === 0 || names.includes(name)) rows.push(...(await runGroup(group)));
  }
  console.log(args.includes('--json') ? JSON.stringify(rows, null, 2) : formatTable(rows));
  if (names.length === 0) await writeBenchmarksPage(rows);
}

/** Runs a group, and undoes what it did to the machine whether or not it succeeds. */
async function runGroup(group: RowGroup): Promise<readonly Row[]> {
  const undo: (() => unknown)[] = [];
  const bench: Bench = {
    after: (work) => undo.push(work),
    say: (text) => console.error(text),
  };
  try {
    const rows = await group(bench);
    for (const row of rows) bench.say(formatRow(row).join(' · '));
    return rows;
  } finally {
    for (const work of undo.reverse()) await work();
  }
}

await main(process.argv.slice(2));
