/** One revision, as `svn log` prints it. */
export interface LogEntry {
  readonly revision: number;
  /** Empty where nobody is named. */
  readonly author: string;
  /** Milliseconds since 1970, to the second; 0 where the repository does not say. */
  readonly committedAt: number;
  readonly message: string;
}

const RULE = '-'.repeat(72);
const HEAD = /^r(\d+) \| (.*) \| (\(no date\)|\S+ \S+ \S+)(?: \(.*\))? \| (\d+) lines?$/;

/**
 * Reads what `svn log` prints for people, which, unlike its XML, says when it was led elsewhere: see {@link isMoved}.
 * A message is as many lines as its head says, so that one that looks like a head is none.
 */
export function parseLog(text: string): readonly LogEntry[] {
  const lines = text.split('\n');
  const entries: LogEntry[] = [];
  for (let at = 0; at < lines.length; at++) {
    const [, revision, author = '', date = '', count] = (lines[at - 1] === RULE && HEAD.exec(lines[at] ?? '')) || [];
    if (revision === undefined) continue;
    const messageAt = at + 2;
    at = messageAt + Number(count) - 1;
    const message = lines.slice(messageAt, at + 1).join('\n');
    const named = author === '(no author)' ? '' : author;
    entries.push({ revision: Number(revision), author: named, committedAt: readDate(date), message });
  }
  return entries;
}

/** Whether svn says that it followed a redirect. */
export function isMoved(output: string): boolean {
  return /^Redirecting to URL '/m.test(output.slice(0, 10_000));
}

/** `2026-11-24 14:09:39 +0000` */
function readDate(text: string): number {
  const [day, time, zone = ''] = text.split(' ');
  return Date.parse(`${day}T${time}${zone.replace(/(\d\d)$/, ':$1')}`) || 0;
}
