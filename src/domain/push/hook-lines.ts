import { quote } from '../refusal.ts';
import { collectPush, malformed, type Push, type RefUpdate } from './push.ts';

/*
 * What a hook of a plain repository sends: lines. A `post-receive` of Git those that it reads, `<before> <after> <ref>`;
 * a `post-commit` of Subversion the number of the revision and what `svnlook changed` or `svnlook dirs-changed` prints.
 * Either may say more about itself first: who pushed, or which branch is the main line.
 */

const UPDATE = /^([0-9a-f]+) ([0-9a-f]+) (refs\/.+)$/;
const MAIN_LINE = /^HEAD refs\/heads\/(.+)$/;
const PUSHER = /^pusher (.*)$/;

export function areGitLines(lines: readonly string[]): boolean {
  return lines.some((line) => UPDATE.test(line));
}

/** @throws Refusal INVALID_PARAMETERS naming the first line that is none of these */
export function readGitLines(lines: readonly string[]): Push {
  const mainBranch = firstMatch(lines, MAIN_LINE);
  const updates = lines.flatMap((line): RefUpdate[] => {
    const [, before = '', after = '', ref] = UPDATE.exec(line) ?? [];
    if (ref !== undefined) return [{ ref, before, after, commits: [], mainBranch }];
    if (MAIN_LINE.test(line) || PUSHER.test(line)) return [];
    throw malformed(`it holds the line ${quote(line)}`);
  });
  return collectPush(firstMatch(lines, PUSHER), updates);
}

/** A commit to Subversion. */
export interface SvnCommit {
  readonly revision: string;
  readonly pusher: string;
  readonly changed: readonly SvnChange[];
}

export interface SvnChange {
  /** Below the root of the repository, without slashes around it. */
  readonly path: string;
  readonly isDeleted: boolean;
}

const REVISION = /^r(\d{1,10})$/;
/** `U   trunk/a.txt`, `_U  trunk/`, `D   branches/x/`; with `--copy-info` there is a plus in the third column. */
const CHANGED = /^([ADU_])[U ][+ ] (.+)$/;
const COPIED_FROM = /^ {4}\(from .+:r\d+\)$/;

/** @returns undefined for what does not begin with a revision */
export function readSvnLines(lines: readonly string[]): SvnCommit | undefined {
  const revision = REVISION.exec(lines[0] ?? '')?.[1];
  if (revision === undefined) return undefined;
  const others = lines.slice(1).filter((line) => !PUSHER.test(line) && !COPIED_FROM.test(line));
  return { revision: String(Number(revision)), pusher: firstMatch(lines, PUSHER), changed: others.map(readChanged) };
}

function readChanged(line: string): SvnChange {
  const [, action, path = line] = CHANGED.exec(line) ?? [];
  return { path: path.replace(/^\/+|\/+$/g, ''), isDeleted: action === 'D' };
}

function firstMatch(lines: readonly string[], pattern: RegExp): string {
  for (const line of lines) {
    const found = pattern.exec(line)?.[1];
    if (found !== undefined) return found.slice(0, 200);
  }
  return '';
}
