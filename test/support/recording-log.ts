import type { BuildLogWriter } from '../../src/build-log/build-log.ts';

/** A log that keeps its lines as they come. @param lines where to */
export function recordingLog(lines: string[] = []): BuildLogWriter {
  const done = async () => undefined;
  return { line: (text) => void lines.push(text), flush: done, ready: done, close: done };
}
