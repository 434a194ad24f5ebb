import { join } from 'node:path';
import { LRUCache } from 'lru-cache';
import type { BranchRequest } from '../../domain/branch-name.ts';
import type { AppSettings } from '../../protocol/manage.ts';
import { KeyedRuns } from '../keyed-runs.ts';
import type { RemoteCredentials } from '../remote-credentials.ts';
import {
  type BranchName,
  type Repository,
  RepositoryError,
  type RevisionRange,
  type RevisionRequest,
  type SourceFile,
  type SourceTree,
  type TagRequest,
} from '../repository.ts';
import { createSvnTags } from './create-svn-tags.ts';
import { ExportStore, type OpenedTree } from './export-store.ts';
import { openSvnFiles } from './open-svn-files.ts';
import { readContents } from './read-contents.ts';
import { locate, parseSvnRevision, resolveSvnRevision } from './resolve-svn-revision.ts';
import { type SvnRemote, urlOf } from './run-svn.ts';
import { parseSvnAddress } from './svn-address.ts';
import {
  branchOf,
  findLine,
  findSvnBranch,
  listNumbers,
  listSvnBranches,
  readLine,
  readSvnRevisions,
  type SvnLine,
} from './svn-history.ts';
import { layoutOf, MAIN_LINE, type PlacedBranch, pathOf } from './svn-layout.ts';
import type { SvnSettings } from './svn-settings.ts';

/*
 * Subversion behind the Repository interface, through the svn command line. A revision is the repository's own number;
 * together with a branch it names a folder that never changes, whatever becomes of the branch later.
 */

export interface SvnRepositoryOptions {
  readonly settings: SvnSettings;
  /** Holds everything that is kept for the app. */
  readonly folder: string;
  readonly address: string;
  readonly mainBranch: string | undefined;
  readonly appSettings: Partial<AppSettings>;
  readonly credentials: RemoteCredentials | undefined;
  /** What has to be over before the folder is used. */
  readonly after: Promise<unknown>;
}

/**
 * Opens the repository of an app. Nothing is asked of the remote before the first call.
 *
 * @throws RepositoryError `bad-address`
 */
export function openSvnRepository(options: SvnRepositoryOptions): Repository {
  const { settings, credentials, appSettings, mainBranch } = options;
  const address = parseSvnAddress(options.address);
  const remote = svnRemoteOf({ settings, address, credentials }, appSettings, mainBranch);
  const closing = new AbortController();
  const store = new ExportStore(remote, join(options.folder, 'svn'), closing.signal);
  const running = new Set<Promise<unknown>>();
  /** Everything ends when the repository is closed. */
  const run = async <T>(signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    signal.throwIfAborted();
    const begun = options.after.then(() => work(AbortSignal.any([signal, closing.signal])));
    const ended = begun.catch(() => undefined);
    running.add(ended);
    void ended.then(() => running.delete(ended));
    return await begun;
  };
  const looks = new KeyedRuns();
  /** Whoever asks the same at the same time gets one answer. */
  const look = <T>(question: readonly unknown[], signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>) =>
    looks.run(JSON.stringify(question), () => run(closing.signal, work), signal);
  const placeOf = (branch: BranchName, revisionId: string, signal: AbortSignal) =>
    look(['place', branch, revisionId], signal, (both) => locate(remote, branch, revisionId, both));
  /** Of the lines that were paged through lately: a number at a place never changes. */
  const lines = new LRUCache<string, readonly number[]>({ max: 8 });
  const numbersOf = async (line: SvnLine, signal: AbortSignal) => {
    const key = `${line.path}@${line.head}`;
    const numbers = lines.get(key) ?? (await listNumbers(remote, line, signal));
    lines.set(key, numbers);
    return numbers;
  };
  const listRevisions = async (
    branch: BranchRequest,
    { limit, skip = 0, headId }: RevisionRange,
    signal: AbortSignal,
  ) => {
    const line = await findLine(remote, branch, headId, signal);
    if (skip === 0) return await readLine(remote, line, { limit }, signal);
    const from = (await numbersOf(line, signal))[skip];
    return from === undefined ? [] : await readLine(remote, line, { limit, from: String(from) }, signal);
  };
  const isKept = async ({ path }: PlacedBranch, revision: number) => await store.has(urlOf(remote, path), revision);
  return {
    resolve: (request: RevisionRequest, signal: AbortSignal) =>
      look(['resolve', request], signal, (both) => resolveSvnRevision(remote, request, isKept, both)),
    listBranches: (signal: AbortSignal) => look(['branches'], signal, (both) => listSvnBranches(remote, both)),
    findBranch: (branch: BranchRequest, signal: AbortSignal) =>
      look(['branch', branch], signal, async (both) => branchOf(await findSvnBranch(remote, branch, both))),
    listRevisions: (branch: BranchRequest, range: RevisionRange, signal: AbortSignal) =>
      look(['revisions', branch, range], signal, (both) => listRevisions(branch, range, both)),
    countRevisions: (branch: BranchRequest, headId: string, signal: AbortSignal) =>
      look(['count', branch, headId], signal, async (both) => {
        return (await numbersOf(await findLine(remote, branch, headId, both), both)).length;
      }),
    readRevisions: (ids: readonly string[], signal: AbortSignal) =>
      look(['facts', ids], signal, (both) => readSvnRevisions(remote, ids, both)),
    findNumber: async (_branch: BranchRequest, revisionId: string) => parseSvnRevision(revisionId),
    openTree: (revisionId: string, signal: AbortSignal, branch: BranchName = MAIN_LINE) =>
      run(signal, async (both) => {
        const revision = parseSvnRevision(revisionId) ?? -1;
        const kept = await store.find(urlOf(remote, pathOf(remote.layout, branch)), revision);
        if (kept !== undefined) return present(store, kept);
        return present(store, await store.fetch(await placeOf(branch, revisionId, both), both));
      }),
    openFiles: (revisionId: string, ending: string, signal: AbortSignal, branch: BranchName = MAIN_LINE) =>
      run(signal, async (both) => {
        const place = await placeOf(branch, revisionId, both);
        return await openSvnFiles(remote, place, ending, join(options.folder, 'svn-files'), both);
      }),
    createTags: (tags: readonly TagRequest[], signal: AbortSignal) =>
      run(signal, (both) => createSvnTags(remote, tags, both)),
    close: async () => {
      closing.abort(new RepositoryError('unreachable', 'The repository was closed in the meantime: try again.'));
      await Promise.all(running);
      await store.settle();
    },
  };
}

/** A repository as its app describes it, which nobody has asked anything yet. */
export function svnRemoteOf(
  place: Pick<SvnRemote, 'settings' | 'address' | 'credentials'>,
  appSettings: Partial<AppSettings> = {},
  mainBranch?: string,
): SvnRemote {
  return {
    ...place,
    layout: layoutOf(appSettings, mainBranch),
    allowForeignRevisions: appSettings.AllowForeignRevisions === true,
    realms: new Set(),
  };
}

function present(store: ExportStore, { tree, release }: OpenedTree): SourceTree {
  const sizes = new Map(tree.files.map((file) => [file.contentId, file.sizeBytes]));
  const sizeOf = ({ contentId }: SourceFile) => sizes.get(contentId) ?? 0;
  return {
    committedAt: tree.committedAt,
    files: tree.files,
    emptyFolders: tree.emptyFolders,
    read: (files, signal) => readContents(store, files, sizeOf, () => store.discard(), signal),
    close: async () => release(),
  };
}
