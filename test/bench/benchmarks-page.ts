import { writeFile } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { formatTable } from './format-rows.ts';
import type { Row } from './row.ts';

const PAGE = fileURLToPath(new URL('../../docs/benchmarks.md', import.meta.url));

export interface BenchRun {
  /** What the machine was doing before the benchmark began: processes that wanted to run, on average. */
  readonly loadBefore: number;
  /** The names of the groups of rows. */
  readonly groups: readonly string[];
}

/** Writes docs/benchmarks.md: what each row is, where it was measured, and the table. */
export async function writeBenchmarksPage(rows: readonly Row[], { loadBefore, groups }: BenchRun): Promise<void> {
  const sections = [introduce(groups), describeMachine(loadBefore), formatTable(rows), EXPLANATION];
  await writeFile(PAGE, `${sections.join('\n\n')}\n`);
}

function introduce(groups: readonly string[]): string {
  return `# Benchmarks

<!-- Written by \`npm run bench\`; change test/bench/benchmarks-page.ts instead. -->

\`\`\`
npm run bench                        every row, and this page; a few minutes
npm run bench -- builds download     some rows: ${groups.join(' ')}
npm run bench -- --json              for programs
\`\`\`

Each figure is a median after a warm-up. Its reference is something known, measured in the same run and in turn with it,
so that a machine that is slow or busy is so for both: read the ratio first. Goals are the design's, most of them set
beside other build servers on another machine.`;
}

/** Where figures were measured. */
export function describeMachine(loadBefore: number): string {
  const memoryGib = Math.round(totalmem() / 2 ** 30);
  const cores = availableParallelism();
  const load = loadBefore.toFixed(1);
  return `Last measured on ${cores} cores and ${memoryGib} GiB of memory (${process.platform}, ${process.arch}), Node.js ${process.versions.node}.
Server, client and reference share them. Load of the machine before the run: ${load}; with much more than 0, figures are those
of a busy machine, and only ratios mean something.`;
}

const EXPLANATION = `## What the rows are

The server is \`slipway serve\`, run from the sources in a process of its own on a data folder in the temporary folder, with
two build slots. Calls go over HTTP on the loopback, with a key that is checked.

- **trivial build**: three small files of an app whose mirror is warm. From the POST until the client, which asks with
  \`?wait=\`, has read Succeeded. Tags are pushed between the measurements.
- **200 builds at once**: 200 POSTs over 32 kept connections; the time until all of them are Succeeded.
- **packages of 2,000 files**: 30 MB of source text in 1,500 files and 32 MB in 500 files that do not shrink. What the
  worker needs from claim to Succeeded (\`DurationMs\`), SHA-256 and fsync included; \`git archive\` writes the first revision
  from the source repository. For the first time each app is a new one, of which no compressed file is kept.
- **backup**: 10,000 packages of 32 KiB and 20 apps, by the command in a process of its own, each package compared with its
  SHA-256, the file synced. \`tar\` reads the same files and compares nothing. What goes on meanwhile is measured while one backup
  follows the other, on the same cores.
- **script builds**: in bubblewrap, on a warm mirror, as \`DurationMs\`: workspace, sandbox, package and their removal
  included. The first shows what a build costs beside its step. The second reads 2,000 source files and packs a list of
  their checksums; by hand the same is done with the plain tools and without a sandbox.
- **build around an MxBuild**: the whole builder without the server, in bubblewrap, from the files in memory to the package
  in memory. A stand-in takes the place of MxBuild, which is not free software; it does the same small work both ways and
  does not pretend to be slow. So the row says what Slipway itself costs, and the start of a sandbox and a small program;
  what a real MxBuild gains by being warm comes on top of it.
- **status call**: \`wrk -t1 -c16\` on one package that has Succeeded; the bare server answers the same JSON without reading,
  checking or looking up anything.
- **download**: \`curl -o /dev/null\`, new each time; nginx serves the very file of the package store.
- **list of 500 branches**: of the Team Server API, with counts, tagged versions and Mendix versions, on a mirror that is
  there; the remote is asked for its heads each time, and the one more commit is fetched.
- **transports**: two packages in turn, to environments of the target \`record\`, so that what is measured is the server: a
  call over HTTP that commits twice, before the target is asked and after. Bare commits are rows in a SQLite file of their
  own, with the same durability, one by one. Transports to many environments share commits.
- **messages to webhooks**: of another app, to a server that answers each after 50 ms, over the whole time of the builds.
- **memory**: of the server's process, five seconds after its first build.
- **a content of 3 GB**: the most that the server's process took at any moment, as the kernel records it.
- **an upload of 400 MB**: the same, of a server that has received it and read it from end to end.
- **a million packages**: rows of a thousand other apps, written straight into the database; two servers, one with them and
  one without, are measured in turn. All as times, so that more than 1 × is a loss. The list is of an app with 20 packages.
- **pruning**: 100,000 packages of four apps, rows alone, are pruned to one of each by the management API, while \`wrk\` asks
  for the status of a package of another app without a pause, from 16 connections; the reference is the same without pruning,
  in turn with it. What is pruned in a second is so beside that load.
- **kill -9**: 200 builds are accepted, the server is killed at once and started again; lost is what has not Succeeded
  in the end.

## What is not reached, and why

- **200 builds at once**: starting a process takes this machine over ten times as long as the one the goals were set on
  (there, 930 spawns a second), and waking a thread is as slow; so the ratio to a bare spawn says more. A build costs some
  ten file operations and four commits one after the other, two of which wait for the disk.
- **Trivial build**: the same, where it is not reached; it differs by a few milliseconds from run to run.
- **First package**: a profile shows half of the time in reading 62 MB through a pipe from Git and in memory for it, a
  third in deflating. More contents under way at once, or deflating small ones in place, changed nothing that could be told
  from noise.
- **Status call**: a quarter is writing to the socket, which the bare server pays too; the rest is spread thin over Node's
  HTTP, Fastify's hooks and checking the key. Nothing is read from the database any more while nothing changes.
- **Script build of \`true\`**: a build starts several processes one after the other (for the pipe, the sandbox, its limits and
  the shell), each of which costs here what the bare one does.
- **Transports**: bare commits went at 840 to 2,130 pairs a second in the runs of one day, as fast as the disk was; the
  transports beside them at 170 to 270. The less of their time is commits, the less the ratio says.
- **Backup**, **script build that reads 2,000 files**: just missed or just reached, from run to run.
- **Memory**: stripping types costs about 35 MiB; an installed package, which is compiled, takes about 115, of which Node
  itself is 41. Libraries take the rest: Fastify, Kysely, prom-client and TypeBox some 20 each when loaded alone. In one
  bundled file it was 98.
`;
