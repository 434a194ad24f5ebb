import { StringDecoder } from 'node:string_decoder';

/** What an update or a checkout said that it changed, as paths below its folder; empty for the folder itself. */
export interface Changes {
  /** Gone, with all that was below: something else may be there now. */
  readonly removed: ReadonlySet<string>;
  /** Added, or another in content or properties. Whatever is below a folder that was added is here by itself. */
  readonly touched: ReadonlySet<string>;
  /** Whether everything it said was understood. */
  readonly isWhole: boolean;
  /** Whether it was led to another address. */
  readonly isMoved: boolean;
}

/** Four columns for content, properties, locks and conflicts, then the path. */
const CHANGE = /^([ADUGR ])([UG ])[B ]{2} (.+)$/;
const SAYING = /^(?:Updating '.*':|(?:Updated to|At|Checked out) revision \d+\.)?$/;

/**
 * Reads what `svn update` and `svn checkout` print, in any number of pieces. Not everything that they change is in there: a
 * file whose keywords come out differently, though its content is the same, goes unsaid.
 *
 * @param folder the absolute path that svn was given; it ran in `/`, and prints paths as they are seen from there
 */
export function readUpdateOutput(folder: string): { add(chunk: Buffer): void; end(): Changes } {
  const decoder = new StringDecoder('utf8');
  const [removed, touched] = [new Set<string>(), new Set<string>()];
  let [isWhole, isMoved, rest] = [true, false, ''];
  const below = (path: string) => {
    if (path === folder.slice(1)) return '';
    return path.startsWith(`${folder.slice(1)}/`) ? path.slice(folder.length) : undefined;
  };
  const readLine = (line: string) => {
    const [, content = '', , path = ''] = CHANGE.exec(line) ?? [];
    const place = below(path);
    if (place === undefined) {
      isWhole &&= SAYING.test(line);
      isMoved ||= line.startsWith("Redirecting to URL '");
      return;
    }
    if (content === 'D' || content === 'R') removed.add(place);
    if (content !== 'D') touched.add(place);
  };
  return {
    add: (chunk) => {
      const lines = (rest + decoder.write(chunk)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) readLine(line);
    },
    end: () => {
      readLine(rest + decoder.end());
      rest = '';
      return { removed, touched, isWhole, isMoved };
    },
  };
}
