import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describeMachine } from '../benchmarks-page.ts';
import { formatTable } from '../format-rows.ts';
import type { Row } from '../row.ts';
import type { QueryPlan } from './query-plans.ts';

const PAGE = fileURLToPath(new URL('../../../docs/scaling-figures.md', import.meta.url));

export interface ScalingRun {
  readonly rows: readonly Row[];
  readonly plans: readonly QueryPlan[];
  /** Of the machine: processes that wanted to run, on average. */
  readonly loadBefore: number;
}

/** Writes docs/scaling-figures.md. */
export async function writeScalingPage({ rows, plans, loadBefore }: ScalingRun): Promise<void> {
  const explained = plans.flatMap(({ title, plans }) => [`### ${title}`, ...plans.map(formatPlan)]);
  const sections = [INTRODUCTION, describeMachine(loadBefore), formatTable(rows), EXPLANATION, PLANS, ...explained];
  await writeFile(PAGE, `${sections.join('\n\n')}\n`);
}

function formatPlan(plan: string): string {
  return `\`\`\`\n${plan}\n\`\`\``;
}

const INTRODUCTION = `# Figures of many machines

<!-- Written by \`npm run bench -- scale\`; change test/bench/scale/scaling-page.ts instead. -->

Figures are medians, measured in turn with their references, on one machine that
servers, workers, PostgreSQL, the S3 store and whoever asks share. What they mean for many machines is told in
[Scaling](scaling.md).`;

const EXPLANATION = `## What the rows are

Servers and workers are processes of their own, run from the sources, with two build slots each and three small files to
build; PostgreSQL is as it comes and waits for its disk; the S3 store is the one of the tests and keeps objects in memory.

- **Builds at once**: as in [Benchmarks](benchmarks.md), of eight apps in turn. They take the processor and nothing else, of
  which there is no more with four workers than with one.
- **Builds that wait for four seconds**: their only step is \`sleep 4\`, in no sandbox. They take little of the processor, as
  if each worker had a machine of its own; what is measured is how well workers share what waits.
- **Processor time**: as Linux counts it, of 200 trivial builds, their tags and their deletion. What git takes is above all
  one push for each tag, both ends of it, as the repositories are on the same machine.
- **Commits**: what PostgreSQL counts as transactions that wrote something, for the same 200. Those of one process that come
  together wait for the disk once.
- **Durable commits that take turns**: transactions of one row each, one after the other on each connection.
- **Status calls**: \`wrk -t1 -c16\`, one for each server.
- **A million packages**: as in [Benchmarks](benchmarks.md), with a server and a worker.
- **Builds that wait**: 100 of each of a thousand apps, beside a million packages, and no worker. Claims are those of the
  queue itself.`;

const PLANS = `## How PostgreSQL finds what it is asked for

With a million packages and 100,000 builds that wait, after \`vacuum analyze\`. Each was asked on a connection that had just
been opened, and \`explain analyze\` looks at the clock all the time: in use it takes a fraction.`;
