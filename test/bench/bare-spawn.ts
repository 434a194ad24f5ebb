import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { median, timeMs } from './measure.ts';

/** The least that any build server does for a build: it starts one program and waits for its end. */
async function spawnOnce(): Promise<void> {
  await once(spawn('true', { stdio: 'ignore' }), 'close');
}

/** The median of so many, one after the other, in milliseconds. */
export async function bareSpawnMs(count: number): Promise<number> {
  const times: number[] = [];
  for (let at = 0; at < count; at += 1) times.push(await timeMs(spawnOnce));
  return median(times);
}

/** How many end in a second, two at a time. */
export async function bareSpawnsPerSecond(count: number): Promise<number> {
  let left = count;
  const lane = async () => {
    while (left > 0) {
      left -= 1;
      await spawnOnce();
    }
  };
  const ms = await timeMs(() => Promise.all([lane(), lane()]));
  return (count * 1000) / ms;
}
