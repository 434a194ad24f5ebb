import { LRUCache } from 'lru-cache';
import type { CommitGraph, FirstParentLine } from './commit-graph.ts';

/** Where a commit stands in the numbering of a branch. */
export interface NumberedCommit {
  readonly id: string;
  /** The count of commits reachable from it, as `git rev-list --count` gives. */
  readonly number: number;
}

/**
 * Answers what builds ask of a repository's history, and remembers the answers: they never change for the same ids.
 *
 * The integer of a revision is the count of commits reachable from it. Along a branch's first parents these counts
 * strictly increase, so that an integer leads back to one commit at most.
 */
export class History {
  readonly graph: CommitGraph;
  readonly #lines = new LRUCache<string, Promise<FirstParentLine>>({ max: 8 });
  readonly #counts = new LRUCache<string, number>({ max: 4_096 });
  readonly #ancestors = new LRUCache<string, boolean>({ max: 4_096 });

  constructor(graph: CommitGraph) {
    this.graph = graph;
  }

  /** Whether a commit is on a branch, given by its head. */
  async isOnBranch(commitId: string, headId: string): Promise<boolean> {
    const key = `${commitId} ${headId}`;
    const known = this.#ancestors.get(key);
    if (known !== undefined) return known;
    const commit = this.graph.find(commitId);
    const head = this.graph.find(headId);
    const found = commit !== undefined && head !== undefined && (await this.graph.isAncestor(commit, head));
    this.#ancestors.set(key, found);
    return found;
  }

  /** The commit on a branch's first-parent line that an integer names. */
  async findByNumber(headId: string, number: number): Promise<string | undefined> {
    const { commits, counts } = await this.#line(headId);
    let low = 0;
    for (let high = counts.length; low < high; ) {
      const middle = (low + high) >> 1;
      if ((counts[middle] ?? 0) < number) low = middle + 1;
      else high = middle;
    }
    const commit = counts[low] === number ? commits[low] : undefined;
    return commit === undefined ? undefined : this.graph.idAt(commit);
  }

  /** The integer of a commit on a branch's first-parent line; undefined for one beside it. */
  async numberOf(commitId: string, headId: string): Promise<number | undefined> {
    const commit = this.graph.find(commitId);
    const head = this.graph.find(headId);
    if (commit === undefined || head === undefined) return undefined;
    if (!(await this.graph.isOnFirstParents(commit, head))) return undefined;
    return (await this.countsOf([commitId])).get(commitId);
  }

  /** How many commits are reachable from each of these, by its id. */
  async countsOf(ids: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const found = new Map<string, number>();
    const unknown: string[] = [];
    for (const id of ids) {
      const known = this.#counts.get(id);
      if (known === undefined) unknown.push(id);
      else found.set(id, known);
    }
    const counts = await this.graph.countReachable(unknown.map((id) => this.#find(id)));
    for (const [at, id] of unknown.entries()) {
      found.set(id, counts[at] ?? 0);
      this.#counts.set(id, counts[at] ?? 0);
    }
    return found;
  }

  /** How many commits a branch has along its first parents. */
  async lengthOf(headId: string): Promise<number> {
    return (await this.#line(headId)).commits.length;
  }

  /** The newest commits of a branch along its first parents but for some of them, newest first. */
  async newest(headId: string, limit: number, skip = 0): Promise<readonly NumberedCommit[]> {
    const { commits, counts } = await this.#line(headId);
    const newest: NumberedCommit[] = [];
    for (let at = commits.length - 1 - skip; at >= 0 && newest.length < limit; at--) {
      newest.push({ id: this.graph.idAt(commits[at] ?? 0), number: counts[at] ?? 0 });
    }
    return newest;
  }

  #line(headId: string): Promise<FirstParentLine> {
    const known = this.#lines.get(headId);
    if (known !== undefined) return known;
    const line = this.graph.firstParentLine(this.#find(headId));
    this.#lines.set(headId, line);
    return line;
  }

  #find(id: string): number {
    const found = this.graph.find(id);
    if (found === undefined) throw new Error(`the commit ${id} is not in the history`);
    return found;
  }
}
