import { quote } from '../../domain/refusal.ts';
import { RepositoryError } from '../repository.ts';
import type { FoundBranch } from './find-branch.ts';
import type { History } from './history.ts';
import { readObject } from './read-objects.ts';
import type { ObjectSource } from './resume-content.ts';

/** What a client's text may mean. */
export type Meaning =
  | { readonly kind: 'hash'; readonly prefix: string }
  | { readonly kind: 'number'; readonly number: number };

export interface FoundRevision {
  readonly id: string;
  readonly namedByNumber: number | undefined;
}

/** What looking for one meaning gave: the revision, or why it is not there. */
export type Finding = FoundRevision | RepositoryError;

const HASH = /^[0-9a-f]{4,64}$/;
const NUMBER = /^[1-9]\d{0,9}$/;
/** Digit strings from this length on are rather a hash than an integer: what git itself abbreviates a hash to. */
const HASH_FIRST_DIGITS = 7;

/** Reads a revision: everything that it may mean, the likelier first. Empty when it can mean nothing. */
export function parseRevision(text: string): readonly Meaning[] {
  const given = text.length > 1_000 ? '' : text.trim().toLowerCase();
  const hash: Meaning[] = HASH.test(given) ? [{ kind: 'hash', prefix: given }] : [];
  const number: Meaning[] = NUMBER.test(given) ? [{ kind: 'number', number: Number(given) }] : [];
  return given.length >= HASH_FIRST_DIGITS ? [...hash, ...number] : [...number, ...hash];
}

/** Looks a meaning up in the mirror as it is. */
export async function findRevision(
  where: { readonly source: ObjectSource; readonly history: History; readonly branch: FoundBranch },
  meaning: Meaning,
  signal: AbortSignal,
): Promise<Finding> {
  const { source, history, branch } = where;
  if (meaning.kind === 'number') {
    const id = await history.findByNumber(branch.headId, meaning.number);
    return id === undefined ? unknownNumber(meaning.number, branch) : { id, namedByNumber: meaning.number };
  }
  const id = await findCommit(source, history, meaning.prefix, signal);
  if (id instanceof RepositoryError) return id;
  if (await history.isOnBranch(id, branch.headId)) return { id, namedByNumber: undefined };
  return notOnBranch(meaning.prefix, branch);
}

/** Commits that branches lead to are found in memory; git knows of others, and of tags that lead to a commit. */
async function findCommit(
  source: ObjectSource,
  history: History,
  prefix: string,
  signal: AbortSignal,
): Promise<string | RepositoryError> {
  const full = history.graph.find(prefix);
  if (full !== undefined) return prefix;
  const [index, other] = history.graph.findByPrefix(prefix);
  if (other !== undefined) return ambiguous(prefix);
  if (index !== undefined) return history.graph.idAt(index);
  if (history.graph.size === 0) return unknownHash(prefix);
  const object = await readObject(source, `${prefix}^{commit}`, signal);
  if (object.found) return object.id;
  return object.why === 'ambiguous' ? ambiguous(prefix) : unknownHash(prefix);
}

/** Whether a revision that is not here could be fetched by itself. */
export function isFullHash(meaning: Meaning): meaning is { readonly kind: 'hash'; readonly prefix: string } {
  return meaning.kind === 'hash' && (meaning.prefix.length === 40 || meaning.prefix.length === 64);
}

export function notARevision(text: string): RepositoryError {
  const accepted = 'use a commit hash of 4 to 64 hex digits, or the integer of a revision';
  return new RepositoryError('unknown-revision', `${quote(text)} is not a revision: ${accepted}.`);
}

function unknownHash(prefix: string): RepositoryError {
  return new RepositoryError('unknown-revision', `The revision ${quote(prefix)} is not in the repository.`);
}

function unknownNumber(number: number, branch: FoundBranch): RepositoryError {
  const message = `The branch ${quote(branch.name)} has no revision with the number ${number}.`;
  return new RepositoryError('unknown-revision', message);
}

function ambiguous(prefix: string): RepositoryError {
  const message = `The revision ${quote(prefix)} fits several commits: give more digits.`;
  return new RepositoryError('ambiguous-revision', message);
}

function notOnBranch(prefix: string, branch: FoundBranch): RepositoryError {
  const message = `The revision ${quote(prefix)} is not on the branch ${quote(branch.name)}.`;
  return new RepositoryError('not-on-branch', message);
}
