import { createHash } from 'node:crypto';
import { mkdir, readdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { KeyedRuns } from '../keyed-runs.ts';
import { removeFolder } from '../remove-folder.ts';
import { untilAborted } from '../until-aborted.ts';
import { type CopyIndex, type ExportedTree, readJson, writeJson } from './export-index.ts';
import type { Place } from './resolve-svn-revision.ts';
import type { SvnRemote } from './run-svn.ts';
import { type ContentFolder, scanWorkingCopy } from './scan-working-copy.ts';
import { markClean, type Updated, updateWorkingCopy } from './update-working-copy.ts';

/** Trees that are kept, over all branches; when there are twice as many, the others go. */
const TREES_KEPT = 8;
/** Branches whose working copies are kept. */
const BRANCHES_KEPT = 10;

/** A tree while somebody reads it. */
export interface OpenedTree {
  readonly tree: ExportedTree;
  release(): void;
}

/**
 * What is kept of a Subversion repository on disk, so that the next revision costs what is different in it:
 *
 * - `branches/<key>/wc`, a working copy that is updated, and `index.json`, what was known of its files
 * - `contents/<id>`, the content of every file of the trees that are kept, under its SHA-256
 * - `trees/<key>-<revision>.json`, a tree without its contents
 *
 * Each is written so that it may be killed at any moment: trees and indexes are there whole or not at all, contents are
 * linked in when they are whole, and a working copy is marked while it changes.
 */
export class ExportStore implements ContentFolder {
  readonly #remote: SvnRemote;
  readonly #folder: string;
  readonly #closing: AbortSignal;
  readonly #fetches = new KeyedRuns();
  readonly #busy = new Map<string, Promise<unknown>>();
  readonly #opened = new Map<string, number>();

  /** @param closing ends what is under way */
  constructor(remote: SvnRemote, folder: string, closing: AbortSignal) {
    this.#remote = remote;
    this.#folder = folder;
    this.#closing = closing;
  }

  pathOf(contentId: string): string {
    return join(this.#folder, 'contents', contentId.slice(0, 2), contentId);
  }

  /** Whether a revision of a branch is kept here. @param url of the branch's folder */
  async has(url: string, revision: number): Promise<boolean> {
    return (await this.#stat(join('trees', `${treeName(url, revision)}.json`))) !== undefined;
  }

  /** A tree that is kept and always stays the same. */
  async find(url: string, revision: number): Promise<OpenedTree | undefined> {
    const name = treeName(url, revision);
    const release = this.#hold(name);
    const file = this.#path('trees', `${name}.json`);
    const tree = await readJson<ExportedTree>(file);
    // Older versions did not tell of empty folders.
    if (tree?.emptyFolders === undefined || tree.hasExternals) {
      release();
      return undefined;
    }
    const now = new Date();
    await utimes(file, now, now).catch(() => undefined);
    return { tree, release };
  }

  /**
   * Brings a tree here: one at a time for each branch, and once for all who ask for it at the same time.
   *
   * @throws RepositoryError `unknown-revision`, `unreachable`, `no-space`, `unreadable`
   */
  async fetch(place: Place, signal: AbortSignal): Promise<OpenedTree> {
    const name = treeName(place.url, place.revision);
    const tree = await this.#fetches.run(name, () => this.#bring(place, this.#closing), signal);
    return { tree, release: this.#hold(name) };
  }

  async #bring(place: Place, signal: AbortSignal): Promise<ExportedTree> {
    const key = keyOf(place.url);
    const { tree, release } = await this.#exclusively(key, signal, async () => {
      const found = await this.find(place.url, place.revision);
      if (found !== undefined) return found;
      const folder = this.#path('branches', key);
      const known = await readJson<CopyIndex>(join(folder, 'index.json'));
      const updated = await updateWorkingCopy(this.#remote, folder, place, known?.properties, signal);
      const opened = await this.#exclusively('contents', signal, () =>
        this.#take(folder, place, known, updated, signal),
      );
      await markClean(folder);
      return opened;
    });
    // By then, everybody who waits has taken hold of it.
    setImmediate(release);
    return tree;
  }

  /** Throws everything away: something in it is damaged. */
  async discard(): Promise<void> {
    await removeFolder(this.#folder);
  }

  /** Waits until nothing works on it any more. */
  async settle(): Promise<void> {
    await Promise.allSettled(this.#busy.values());
  }

  async #take(
    folder: string,
    place: Place,
    known: CopyIndex | undefined,
    updated: Updated,
    signal: AbortSignal,
  ): Promise<OpenedTree> {
    await mkdir(this.#path('trees'), { recursive: true, mode: 0o700 });
    const { properties } = updated;
    const { files, emptyFolders } = await scanWorkingCopy(join(folder, 'wc'), known, updated, this, signal);
    const index: CopyIndex = { properties, files, emptyFolders };
    await writeJson(join(folder, 'index.json'), index);
    const name = treeName(place.url, place.revision);
    const release = this.#hold(name);
    const plain = files.map(({ path, mode, contentId, sizeBytes }) => ({ path, mode, contentId, sizeBytes }));
    const hasExternals = properties.externals.length > 0;
    const tree: ExportedTree = { committedAt: place.committedAt, hasExternals, files: plain, emptyFolders };
    await writeJson(this.#path('trees', `${name}.json`), tree);
    await this.#forgetOthers();
    return { tree, release };
  }

  /** Deletes the trees that were not used for longest, and what only they had. */
  async #forgetOthers(): Promise<void> {
    const trees = await this.#oldestFirst('trees', '');
    if (trees.length <= 2 * TREES_KEPT) return;
    for (const name of trees.slice(0, -TREES_KEPT)) {
      if (!this.#opened.has(name.replace(/\.json$/, ''))) await rm(this.#path('trees', name), { force: true });
    }
    const branches = await this.#oldestFirst('branches', 'index.json');
    for (const key of branches.slice(0, -BRANCHES_KEPT)) {
      if (!this.#busy.has(key)) await removeFolder(this.#path('branches', key));
    }
    await this.#sweepContents();
  }

  async #sweepContents(): Promise<void> {
    const used = new Set<string>();
    for (const name of await this.#list('trees')) {
      const tree = await readJson<ExportedTree>(this.#path('trees', name));
      for (const { contentId } of tree?.files ?? []) used.add(contentId);
    }
    // The index takes what it knows for kept.
    for (const key of await this.#list('branches')) {
      const index = await readJson<CopyIndex>(this.#path('branches', key, 'index.json'));
      for (const { contentId } of index?.files ?? []) used.add(contentId);
    }
    for (const shard of await this.#list('contents')) {
      for (const id of await this.#list(join('contents', shard))) if (!used.has(id)) await rm(this.pathOf(id));
    }
  }

  async #oldestFirst(folder: string, file: string): Promise<readonly string[]> {
    const times = (await this.#list(folder)).map(async (name) => {
      return { name, at: (await this.#stat(join(folder, name, file)))?.mtimeMs ?? 0 };
    });
    return (await Promise.all(times)).sort((a, b) => a.at - b.at).map(({ name }) => name);
  }

  /** Keeps a tree from being forgotten. */
  #hold(name: string): () => void {
    this.#opened.set(name, (this.#opened.get(name) ?? 0) + 1);
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      const left = (this.#opened.get(name) ?? 1) - 1;
      if (left > 0) this.#opened.set(name, left);
      else this.#opened.delete(name);
    };
  }

  /** Runs work when what was begun before under the same key is over. */
  async #exclusively<T>(key: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const before = this.#busy.get(key);
    const running = (async () => {
      await before;
      signal.throwIfAborted();
      return await work();
    })();
    const settled = running.catch(() => undefined);
    this.#busy.set(key, settled);
    void settled.then(() => {
      if (this.#busy.get(key) === settled) this.#busy.delete(key);
    });
    return await untilAborted(running, signal);
  }

  async #list(folder: string): Promise<readonly string[]> {
    return await readdir(this.#path(folder)).catch(() => []);
  }

  async #stat(path: string) {
    return await stat(this.#path(path)).catch(() => undefined);
  }

  #path(...parts: readonly string[]): string {
    return join(this.#folder, ...parts);
  }
}

function keyOf(url: string): string {
  return createHash('sha256').update(url).digest('hex').slice(0, 24);
}

function treeName(url: string, revision: number): string {
  return `${keyOf(url)}-${revision}`;
}
