import { spawn } from 'node:child_process';
import { once } from 'node:events';

export function median(figures: readonly number[]): number {
  const sorted = figures.toSorted((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (middle === undefined) throw new Error('There is no median of nothing.');
  return middle;
}

/** How long `work` takes, in milliseconds. */
export async function timeMs(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/**
 * Measures things that are to be compared in turn, A B A B, so that a machine that is busy for a while is busy for all.
 *
 * @param measure one function for each thing, each answering one figure
 * @returns the median of each
 */
export async function inTurn<const Names extends string>(
  rounds: number,
  measure: Readonly<Record<Names, () => Promise<number>>>,
): Promise<Record<Names, number>> {
  const names = Object.keys(measure) as Names[];
  const figures = new Map<Names, number[]>(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const name of names) figures.get(name)?.push(await measure[name]());
  }
  return Object.fromEntries(names.map((name) => [name, median(figures.get(name) ?? [])])) as Record<Names, number>;
}

/** Runs a program to its end and answers what it printed. @throws Error with what it printed when it fails */
export async function runProgram(command: string, args: readonly string[]): Promise<string> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} exited with ${code}: ${output}`);
  return output;
}
