import type { BuildLog } from '../../src/build-log/build-log.ts';
import { until } from './until.ts';

/** Follows a log for as long as a test goes on. */
export function followLog(test: { after(work: () => unknown): void }, log: BuildLog, packageId: string, start = 0) {
  const abort = new AbortController();
  let text = '';
  const ended = (async () => {
    for await (const chunk of log.follow(packageId, start, abort.signal)) text += Buffer.from(chunk).toString();
  })();
  test.after(async () => {
    abort.abort();
    await ended;
  });
  return {
    ended,
    get text() {
      return text;
    },
    seen: (part: string) => until(`the follower sees ${part}`, () => text.includes(part)),
  };
}
