import type { BranchRequest } from '../domain/branch-name.ts';

/**
 * The source of an app: what a build asks of Git or Subversion. One repository is open per app, for as long
 * as the server runs; it owns what it keeps on disk (a mirror, working copies) and the processes it talks to.
 *
 * Every call takes a signal and ends soon after it fires. A look at the remote that was begun for it may go on within its
 * time limit, for whoever asks next; closing ends it, and leaves no process behind. What goes wrong outside is thrown as
 * {@link RepositoryError}; nothing else that is thrown is expected.
 *
 * Invariant: a revision that was resolved once stays readable, unless the remote's history was rewritten and the mirror
 * was lost.
 */
export interface Repository {
  /**
   * Finds the revision a client means. Asks the remote only when the local mirror cannot answer: the first time, when a
   * branch or a revision is not known here, or when the revision is not on the branch as it is known here.
   *
   * @throws RepositoryError `unknown-branch`, `unknown-revision`, `ambiguous-revision`, `not-on-branch`, `unreachable`
   */
  resolve(request: RevisionRequest, signal: AbortSignal): Promise<ResolvedRevision>;

  /** Every branch with its head, the main line first, then by name. Asks the remote, so that heads are fresh. */
  listBranches(signal: AbortSignal): Promise<readonly Branch[]>;

  /**
   * One branch with its head, found as {@link resolve} finds it. Asks the remote.
   *
   * @throws RepositoryError `unknown-branch`, `unreachable`
   */
  findBranch(branch: BranchRequest, signal: AbortSignal): Promise<Branch>;

  /**
   * Revisions of a branch, newest first: on Git those along first parents only, so that their numbers are unique.
   *
   * @throws RepositoryError `unknown-branch`, `unknown-revision` for a head that is not here, `unreachable`
   */
  listRevisions(branch: BranchRequest, range: RevisionRange, signal: AbortSignal): Promise<readonly RevisionInfo[]>;

  /**
   * How many {@link listRevisions} has in all.
   *
   * @throws RepositoryError as {@link listRevisions}
   */
  countRevisions(branch: BranchRequest, headId: string, signal: AbortSignal): Promise<number>;

  /**
   * What some revisions say of themselves, in their order; undefined for one that is not here.
   *
   * @param ids heads of branches, or revisions that were listed
   */
  readRevisions(ids: readonly string[], signal: AbortSignal): Promise<readonly (RevisionFacts | undefined)[]>;

  /**
   * The integer of a revision of a branch, as {@link listRevisions} gives it; undefined for a revision that was merged
   * into the branch from beside it. Asks the remote only when the branch is not known here, on Subversion never.
   *
   * @throws RepositoryError `unknown-branch`, `unreachable`
   */
  findNumber(branch: BranchRequest, revisionId: string, signal: AbortSignal): Promise<number | undefined>;

  /**
   * Opens the tree of a revision for reading.
   *
   * @param branch what the revision was resolved on: Subversion's numbers name a state of all branches; by default the
   *   main line
   * @throws RepositoryError `unknown-revision`, `unreadable`, `unreachable`
   */
  openTree(revisionId: string, signal: AbortSignal, branch?: BranchName): Promise<SourceTree>;

  /**
   * Opens those files of a revision whose names end in a text, in any case, without fetching the others. Submodules are
   * not looked into.
   *
   * @param ending such as `.mpr`
   * @throws RepositoryError `unknown-revision`, `unreadable`, `unreachable`
   */
  openFiles(revisionId: string, ending: string, signal: AbortSignal, branch?: BranchName): Promise<SourceTree>;

  /**
   * Makes tags on the remote, together: annotated ones on Git, server-side copies on Subversion. May be called again after any failure.
   *
   * @returns an outcome for each, in their order
   * @throws RepositoryError `unreachable`, `refused` when none of them could be tried
   */
  createTags(tags: readonly TagRequest[], signal: AbortSignal): Promise<readonly TagOutcome[]>;

  /** Ends its processes. The mirror stays. */
  close(): Promise<void>;
}

export interface RevisionRequest {
  readonly branch: BranchRequest;
  /** A full or short commit hash, or an integer, as the client wrote it. */
  readonly revision: string;
}

export interface BranchName {
  /** The bare name: `master`, `feature`, `release/1`; Subversion's main line is `trunk`, wherever it is. */
  readonly name: string;
  readonly isMainLine: boolean;
}

export interface ResolvedRevision {
  readonly branch: BranchName;
  /** The full id: 40 or 64 hex digits on Git, decimal digits on Subversion. */
  readonly id: string;
  /** The integer by which the client named it; undefined where it named a hash; always there on Subversion. */
  readonly namedByNumber: number | undefined;
}

export interface Branch extends BranchName {
  readonly headId: string;
  /** On Git the count of commits reachable from the head, as `git rev-list --count` gives. */
  readonly headNumber: number;
}

/** A part of the line of a branch. */
export interface RevisionRange {
  readonly limit: number;
  /** How many of the newest are left out. */
  readonly skip?: number;
  /** Where the line begins, as a branch has said it before; the branch's head of now where it is not given. */
  readonly headId?: string;
}

export interface RevisionFacts {
  readonly id: string;
  readonly message: string;
  /** Milliseconds since 1970. */
  readonly committedAt: number;
  readonly authorName: string;
  /** Empty where the repository does not know it. */
  readonly authorEmail: string;
}

export interface RevisionInfo extends RevisionFacts {
  readonly number: number;
}

export interface TagRequest {
  readonly name: string;
  readonly revisionId: string;
  /** As in {@link Repository.openTree}. */
  readonly branch?: BranchName;
  readonly message: string;
}

/**
 * What became of one tag: `done` when it stands on this revision, whoever made it; `conflict` when it stands on another
 * one, which is left alone; an error of the kind `refused` when the remote does not allow it.
 */
export type TagOutcome = 'done' | 'conflict' | RepositoryError;

/** The files of one revision, read without a working tree. Whoever opened it closes it. */
export interface SourceTree {
  /** When the revision was committed, in milliseconds since 1970. */
  readonly committedAt: number;
  /**
   * Every file, sorted by the bytes of its path, submodules' files included; the folders that they are in are implied.
   *
   * @throws RepositoryError `unreadable` when something in the tree cannot become a file of a package
   */
  readonly files: readonly SourceFile[];
  /** Paths of the folders that hold nothing, in any order. Git knows none. */
  readonly emptyFolders: readonly string[];
  /**
   * Reads files in the order asked for, several ahead. Each content must be used up before the next is taken.
   *
   * @throws RepositoryError `unreadable`
   */
  read(files: Iterable<SourceFile>, signal: AbortSignal): AsyncIterable<FileContent>;
  close(): Promise<void>;
}

export interface SourceFile {
  /** Relative, `/`-separated, valid UTF-8, without `.`, `..` and empty parts. */
  readonly path: string;
  /** A symlink's content is its target. */
  readonly mode: 'file' | 'executable' | 'symlink';
  /** Names the bytes that {@link SourceTree.read} yields: equal ids, equal bytes, whichever repository they came from. */
  readonly contentId: string;
}

export interface FileContent {
  readonly file: SourceFile;
  readonly sizeBytes: number;
  /** The whole of it, up to a few MiB; larger contents come as chunks. */
  readonly bytes: Uint8Array | AsyncIterable<Uint8Array>;
}

/** Why a repository could not do what it was asked: a closed list. */
export type RepositoryErrorKind =
  | 'unknown-branch'
  | 'unknown-revision'
  | 'ambiguous-revision'
  | 'not-on-branch'
  /** The remote does not answer, in time or at all, or does not let us in. */
  | 'unreachable'
  /** The remote answered and does not allow it. */
  | 'refused'
  /** The disk of this machine has no room for the mirror. */
  | 'no-space'
  /** Something in the tree cannot be read as a file of a package. */
  | 'unreadable'
  /** The address is one that Slipway does not use. */
  | 'bad-address';

export class RepositoryError extends Error {
  override readonly name = 'RepositoryError';
  readonly kind: RepositoryErrorKind;

  /** @param message one sentence that names the value and can be shown to a client; never holds a credential */
  constructor(kind: RepositoryErrorKind, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options);
    this.kind = kind;
  }
}
