import type { RepositoryKind } from '../../protocol/manage.ts';
import { MOST_BRANCH_BYTES } from '../branch-name.ts';
import { onOneLine } from '../on-one-line.ts';
import { quote, Refusal } from '../refusal.ts';

/** What somebody pushed, whoever tells of it. */
export interface Push {
  readonly repositoryType: RepositoryKind;
  /** Who pushed; empty where that is not said. */
  readonly pusher: string;
  readonly changes: readonly BranchChange[];
  /** What of the push starts nothing whatever the rules say, in sentences. */
  readonly ignored: readonly string[];
}

/** A branch that was pushed to. */
export interface BranchChange {
  /** Its bare name; `trunk` for the main line of Subversion. */
  readonly branch: string;
  /** undefined where that is for the repository to say. */
  readonly isMainLine: boolean | undefined;
  /** Zeros for a branch that is new. */
  readonly before: string;
  readonly after: string;
  /** The oldest first, and not all of them: the last {@link MOST_COMMITS} at most. */
  readonly commits: readonly PushedCommit[];
}

export interface PushedCommit {
  readonly id: string;
  readonly message: string;
  readonly authorName: string;
  /** Empty where it is not said, as is the date. */
  readonly authorEmail: string;
  /** ISO 8601. */
  readonly authorDate: string;
}

/** What is told of a push goes to every webhook that wants to know: it stays short. */
const MOST_LINE_CHARACTERS = 200;
const MOST_COMMITS = 100;

/** One ref of a push to Git, as it was told. */
export interface RefUpdate {
  readonly ref: string;
  readonly before: string;
  readonly after: string;
  /** The oldest first. */
  readonly commits: readonly PushedCommit[];
  /** The bare name of the main line; empty where that is not said. */
  readonly mainBranch: string;
}

const HEADS = 'refs/heads/';
const OBJECT_ID = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
const ZEROS = /^0+$/;

/** @throws Refusal INVALID_PARAMETERS for what no Git ever pushed */
export function collectPush(pusher: string, updates: readonly RefUpdate[]): Push {
  const read = updates.map(readRefUpdate);
  const changes = read.filter((one) => typeof one !== 'string');
  return limitPush({
    repositoryType: 'git',
    pusher: onOneLine(pusher, MOST_LINE_CHARACTERS),
    changes,
    ignored: read.filter((one) => typeof one === 'string'),
  });
}

/** Who pushes a whole repository for the first time does not want each of its branches built. */
const MOST_BRANCHES = 50;

/** Leaves out what is beyond the number of branches that one push is seen to for. */
export function limitPush(push: Push): Push {
  const count = push.changes.length;
  if (count <= MOST_BRANCHES) return push;
  const note = `It changed ${count} branches: those after the first ${MOST_BRANCHES} are left out.`;
  return { ...push, changes: push.changes.slice(0, MOST_BRANCHES), ignored: [note, ...push.ignored] };
}

/** @returns why there is nothing to build, where that is so */
function readRefUpdate({ ref, before, after, commits, mainBranch }: RefUpdate): BranchChange | string {
  for (const id of [before, after]) if (!OBJECT_ID.test(id)) throw malformed(`${quote(id)} is not the id of a commit`);
  if (!ref.startsWith('refs/')) throw malformed(`${quote(ref)} is not a ref`);
  if (!ref.startsWith(HEADS)) return `${ref} is not a branch.`;
  const branch = ref.slice(HEADS.length);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (branch === '' || Buffer.byteLength(branch) > MOST_BRANCH_BYTES || /[\u0000-\u0020\u007f]/.test(branch)) {
    throw malformed(`${quote(ref)} is not the name of a branch`);
  }
  if (ZEROS.test(after)) return `The branch ${branch} was deleted.`;
  const isMainLine = mainBranch === '' ? undefined : mainBranch === branch;
  return { branch, isMainLine, before, after, commits: commits.slice(-MOST_COMMITS) };
}

/** @param what is wrong */
export function malformed(what: string): Refusal {
  return new Refusal('INVALID_PARAMETERS', `The body is not a push: ${what}.`);
}

/** What a push says in a line: the newest commit's first one; empty where it tells of none. */
export function summarize({ after, commits }: BranchChange): string {
  const newest = commits.find(({ id }) => id === after) ?? commits.at(-1);
  return summarizeMessage(newest?.message ?? '');
}

export function summarizeMessage(message: string): string {
  return onOneLine(message.trim().split('\n', 1)[0] ?? '', MOST_LINE_CHARACTERS);
}
