import { writeFile } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { formatTable } from './format-rows.ts';
import type { Row } from './row.ts';

const PAGE = fileURLToPath(new URL('../../docs/benchmarks.md', import.meta.url));

/** Writes docs/benchmarks.md: what each row is, where it was measured, and the table. */
export async function writeBenchmarksPage(rows: readonly Row[]): Promise<void> {
  const missed = rows.flatMap(({ title }) => (title in MISSES ? [`- **${title}**: ${MISSES[title]}`] : []));
  void missed;
  await writeFile(PAGE, `${INTRODUCTION}\n\n${describeMachine()}\n\n${formatTable(rows)}\n\n${EXPLANATION}\n`);
}

const MISSES: Readonly<Record<string, string>> = {};

const INTRODUCTION = `# Benchmarks

<!-- Written by \`npm run bench\`; change test/bench/benchmarks-page.ts instead. -->

\`\`\`
npm run bench                        every row, and this page; a few minutes
npm run bench -- builds download     some rows: builds packaging status download memory million kill
npm run bench -- --json              for programs
\`\`\`

Each figure is a median after a warm-up. Its reference is something known, measured in the same run and in turn with it,
so that a machine that is slow or busy is so for both: read the ratio first. Goals are the design's, most of them set
beside other build servers on another machine.`;

function describeMachine(): string {
  const memoryGib = Math.round(totalmem() / 2 ** 30);
  const cores = availableParallelism();
  return `Last measured on ${cores} cores and ${memoryGib} GiB of memory (${process.platform}, ${process.arch}), Node.js ${process.versions.node}; server, client and reference share them.`;
}

const EXPLANATION = `## What the rows are

The server is \`slipway serve\` in a process of its own, on a data folder in the temporary folder, with two build slots; what
is measured goes through HTTP with a checked key, like any client's call.`;
