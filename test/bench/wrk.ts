import { runProgram } from './measure.ts';

/** Requests per second over 16 kept connections, for so many seconds. @throws Error when an answer is no 200 */
export async function wrkPerSecond(
  url: string,
  headers: Readonly<Record<string, string>>,
  seconds: number,
): Promise<number> {
  const sent = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  const output = await runProgram('wrk', ['-t1', '-c16', `-d${seconds}s`, ...sent, url]);
  if (/Non-2xx|Socket errors/.test(output)) throw new Error(`wrk met errors:\n${output}`);
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(output)?.[1]);
}
