import { StringDecoder } from 'node:string_decoder';
import type { BuildLogWriter } from '../build-log/build-log.ts';
import { createRedactor } from '../build-log/redact.ts';

/** A longer line is cut into several. */
const LONGEST_LINE = 8_192;

/** Takes what commands write and puts it into the log, line by line and without secrets. */
export interface LogOutput {
  /** Resolves when more may come: a log that is slow makes the command wait. */
  write(chunk: Uint8Array): Promise<void>;
  /** Writes the rest, also where it is no whole line. */
  end(): void;
}

export function logOutput(log: BuildLogWriter, secrets: Iterable<string>): LogOutput {
  const redactor = createRedactor(secrets);
  const decoder = new StringDecoder('utf8');
  let rest = '';
  const take = (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) write(line);
    for (; rest.length > LONGEST_LINE; rest = rest.slice(LONGEST_LINE)) log.line(rest.slice(0, LONGEST_LINE));
  };
  // A terminal would show what stands behind the last carriage return: progress bars come to one line that way.
  const write = (line: string) => {
    const shown = line.replace(/\r+$/, '');
    const text = shown.slice(shown.lastIndexOf('\r') + 1);
    for (let at = 0; at === 0 || at < text.length; at += LONGEST_LINE) log.line(text.slice(at, at + LONGEST_LINE));
  };
  return {
    async write(chunk) {
      take(decoder.write(Buffer.from(redactor.write(chunk))));
      await log.ready();
    },
    end() {
      take(decoder.end(Buffer.from(redactor.end())));
      if (rest !== '') write(rest);
      rest = '';
    },
  };
}
