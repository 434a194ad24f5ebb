import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { removeFolder } from '../remove-folder.ts';
import { RepositoryError } from '../repository.ts';
import { SharedRuns } from '../shared-runs.ts';
import { untilAborted } from '../until-aborted.ts';
import type { CatFilePool } from './cat-file-pool.ts';
import { CommitGraph } from './commit-graph.ts';
import { localFailure, MirrorDamaged, remoteFailure, writeFailure } from './git-failure.ts';
import type { GitSettings } from './git-settings.ts';
import { History } from './history.ts';
import { loadCommits } from './load-commits.ts';
import { maintainMirror } from './maintain-mirror.ts';
import {
  cleanMirrorFolder,
  createMirrorFolder,
  findObjectFormat,
  isMirrorOf,
  movePacks,
  noteAddress,
  readHeadBranch,
  whileFetching,
  writeHeadBranch,
} from './mirror-folder.ts';
import type { ObjectMemory } from './object-memory.ts';
import { listRemoteRefs, type RemoteRefs, runRemote } from './remote.ts';
import type { RemoteAddress } from './remote-address.ts';
import type { ObjectSource } from './resume-content.ts';
import { runGit } from './run-git.ts';

/** What a mirror knows of its remote, as it was at one moment. */
export interface Known extends RemoteRefs {
  readonly history: History;
}

export interface MirrorContext {
  readonly settings: GitSettings;
  readonly pool: CatFilePool;
  readonly memory: ObjectMemory;
  /** The folder may be touched once this is done: whoever had it before is closing. */
  readonly after: Promise<void>;
}

const EVERY_BRANCH = '+refs/heads/*:refs/heads/*';
const NOTHING: Known = { heads: new Map(), headBranch: undefined, history: new History(new CommitGraph(20)) };

/**
 * The bare copy of a remote on this disk. It owns its folder, and what is known of the remote in memory. Branches
 * follow the remote's; objects are only ever added, so that a revision that was there once stays readable.
 *
 * One command at a time writes to the folder. Readers are never in its way.
 */
export class Mirror {
  readonly gitDir: string;
  readonly address: RemoteAddress;
  readonly source: ObjectSource;
  readonly settings: GitSettings;
  readonly #closing = new AbortController();
  readonly #looks: SharedRuns<Known>;
  readonly #repairs: SharedRuns<void>;
  readonly #after: Promise<void>;
  #writing: Promise<unknown>;
  #isDamaged = false;
  #repairedAt = Number.NEGATIVE_INFINITY;
  #tidied: Promise<void> | undefined;
  #known: Promise<Known | undefined> | undefined;

  constructor(context: MirrorContext, gitDir: string, address: RemoteAddress) {
    this.gitDir = gitDir;
    this.address = address;
    this.settings = context.settings;
    this.#after = context.after;
    this.#writing = context.after;
    const { pool, memory } = context;
    this.source = { pool, memory, gitDir, repair: (since, signal) => this.#repairOnce(since, signal) };
    this.#repairs = new SharedRuns(() => this.#exclusively(this.#closing.signal, (both) => this.#repair(both)));
    this.#looks = new SharedRuns(() => this.#exclusively(this.#closing.signal, (both) => this.#look(both)));
  }

  /** What was known last, without asking the remote; undefined when this address was never asked. */
  async known(signal: AbortSignal): Promise<Known | undefined> {
    this.#closing.signal.throwIfAborted();
    return await untilAborted(this.#loaded(), signal);
  }

  #loaded(): Promise<Known | undefined> {
    this.#known ??= this.#load().catch((error: unknown) => {
      this.#known = undefined;
      if (!(error instanceof MirrorDamaged)) throw error;
      // Fetched anew once the remote has answered: until then there is still hope for it.
      this.#isDamaged = true;
      return undefined;
    });
    return this.#known;
  }

  /** Whether there is anything on disk to read from. */
  async exists(): Promise<boolean> {
    return (await findObjectFormat(this.gitDir)) !== undefined;
  }

  /** Asks the remote, and fetches what is new. Calls share their looks, each of which begins after the call. */
  look(signal: AbortSignal): Promise<Known> {
    return this.#looks.run(signal);
  }

  /**
   * Fetches one object by its full id, with what it leads to.
   *
   * @returns false when the remote does not have it or does not hand it out
   * @throws RepositoryError `unreachable`
   */
  async fetchObject(id: string, signal: AbortSignal): Promise<boolean> {
    return await this.#exclusively(signal, async (both) => {
      const format = await findObjectFormat(this.gitDir);
      if (format === undefined || (format === 'sha256') !== (id.length === 64)) return false;
      const failure = await this.#fetch(id, both);
      if (failure === undefined || failure.kind === 'unknown-revision') return failure === undefined;
      throw failure;
    });
  }

  /** Forgets what can be loaded again, to save memory. */
  rest(): void {
    this.#known = undefined;
    this.source.pool.endIdle(this.gitDir);
  }

  /** Ends what is under way. The folder stays. */
  async close(): Promise<void> {
    this.#closing.abort(new RepositoryError('unreachable', 'The repository was closed in the meantime: try again.'));
    await this.#writing;
    this.source.pool.endIdle(this.gitDir);
  }

  /** What a process before left. Once, before anything of ours is under way: that would look the same. */
  #tidy(): Promise<void> {
    this.#tidied ??= this.#after
      .then(() => cleanMirrorFolder(this.gitDir))
      .catch((error: unknown) => {
        this.#tidied = undefined;
        throw error;
      });
    return this.#tidied;
  }

  async #load(): Promise<Known | undefined> {
    await this.#tidy();
    if ((await findObjectFormat(this.gitDir)) === undefined) return undefined;
    if (!(await isMirrorOf(this.gitDir, this.address.url))) return undefined;
    const heads = await this.#readHeads(this.#closing.signal);
    const history = await this.#extend(undefined, heads, this.#closing.signal);
    return { heads, headBranch: await readHeadBranch(this.gitDir), history };
  }

  async #look(signal: AbortSignal): Promise<Known> {
    const remembered = await this.#loaded();
    const refs = await listRemoteRefs(this.settings, this.address, signal);
    const [anyId] = refs.heads.values();
    if (anyId === undefined && remembered === undefined) return NOTHING;
    const isNew = anyId !== undefined && (await this.#ensureFolder(anyId, signal));
    const before = isNew ? undefined : remembered;
    if (before !== undefined && sameHeads(before.heads, refs.heads)) return await this.#remember({ ...before }, refs);
    const failure = await this.#fetch(EVERY_BRANCH, signal);
    if (failure !== undefined) throw failure;
    const heads = await this.#readHeads(signal);
    const history = await this.#extend(before, heads, signal);
    const known = await this.#remember({ heads, headBranch: before?.headBranch, history }, refs);
    await noteAddress(this.gitDir, this.address.url);
    void this.#exclusively(this.#closing.signal, (both) => maintainMirror(this.settings, this.gitDir, both)).catch(
      () => undefined,
    );
    return known;
  }

  async #repairOnce(since: number, signal: AbortSignal): Promise<void> {
    if (this.#repairedAt < since) await this.#repairs.run(signal);
  }

  /**
   * Fetches everything anew, and puts it beside what is here: git reads an object that is damaged in one pack from
   * another. Nothing is deleted, because builds are reading, and some of it may not be there to be fetched any more.
   */
  async #repair(signal: AbortSignal): Promise<void> {
    const format = await findObjectFormat(this.gitDir);
    if (format === undefined) return;
    const fresh = `${this.gitDir}.new-${randomUUID()}`;
    try {
      await createMirrorFolder(this.settings, fresh, format, signal);
      const failure = await this.#fetch(EVERY_BRANCH, signal, fresh);
      if (failure !== undefined) throw failure;
      await movePacks(fresh, this.gitDir);
    } finally {
      await rm(fresh, { recursive: true, force: true });
    }
    this.rest();
    this.#repairedAt = performance.now();
  }

  async #remember(known: Known, refs: RemoteRefs): Promise<Known> {
    const remembered = { ...known, headBranch: refs.headBranch };
    if (refs.headBranch !== undefined && refs.headBranch !== known.headBranch) {
      await writeHeadBranch(this.gitDir, refs.headBranch);
    }
    this.#known = Promise.resolve(remembered);
    return remembered;
  }

  async #fetch(what: string, signal: AbortSignal, gitDir = this.gitDir) {
    const timeoutMs = this.settings.fetchTimeoutMs;
    const args = ['fetch', '--quiet', '--no-tags', '--prune', '--no-write-fetch-head', '--no-auto-maintenance'];
    let isWhole = false;
    try {
      const outcome = await whileFetching(gitDir, (onStart) =>
        runRemote(this.settings, this.address, {
          args: [...args, '--', this.address.url, what],
          gitDir,
          timeoutMs,
          signal,
          onStart,
        }),
      );
      isWhole = outcome.code === 0;
      return isWhole ? undefined : remoteFailure(outcome, this.address, timeoutMs);
    } finally {
      // A helper of git that is ended leaves half a pack, which may be gigabytes.
      if (!isWhole) await cleanMirrorFolder(gitDir);
    }
  }

  async #readHeads(signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
    const args = ['for-each-ref', '--format=%(objectname)\t%(refname)', 'refs/heads/'];
    const { settings, gitDir } = this;
    const outcome = await runGit(settings, { args, gitDir, timeoutMs: settings.localTimeoutMs, signal });
    if (outcome.code !== 0) throw localFailure(outcome, 'read its branches');
    const lines = outcome.stdout.split('\n').filter((line) => line !== '');
    return new Map(
      lines.map((line) => [line.slice(line.indexOf('\t') + 'refs/heads/'.length + 1), line.split('\t')[0] ?? '']),
    );
  }

  /** The history with the commits of new heads added to it. */
  async #extend(before: Known | undefined, heads: ReadonlyMap<string, string>, signal: AbortSignal): Promise<History> {
    const ids = [...heads.values()];
    const idBytes = ids[0]?.length === 64 ? 32 : 20;
    const usable = before?.history.graph.idBytes === idBytes ? before : undefined;
    const history = usable?.history ?? new History(new CommitGraph(idBytes));
    const added = ids.filter((id) => history.graph.find(id) === undefined);
    if (added.length > 0) {
      const known = usable?.heads.values() ?? [];
      await loadCommits(this.settings, this.gitDir, history.graph, { added, known }, signal);
    }
    return history;
  }

  /** Makes the folder, anew when the remote's ids are of another kind than the mirror's. @returns whether it is new */
  async #ensureFolder(id: string, signal: AbortSignal): Promise<boolean> {
    const wanted = id.length === 64 ? 'sha256' : 'sha1';
    const present = await findObjectFormat(this.gitDir);
    if (present === wanted && !this.#isDamaged) return false;
    this.rest();
    if (present !== undefined) await removeFolder(this.gitDir);
    await createMirrorFolder(this.settings, this.gitDir, wanted, signal);
    this.#isDamaged = false;
    return true;
  }

  async #exclusively<T>(signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const before = this.#writing;
    const run = async () => {
      await before;
      await this.#tidy();
      const both = AbortSignal.any([signal, this.#closing.signal]);
      both.throwIfAborted();
      return await work(both).catch((error: unknown) => {
        throw writeFailure(error, this.address);
      });
    };
    const result = run();
    this.#writing = result.catch(() => undefined);
    return await result;
  }
}

function sameHeads(one: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): boolean {
  if (one.size !== other.size) return false;
  for (const [name, id] of one) if (other.get(name) !== id) return false;
  return true;
}
