import type { BlobWriter } from '../blob/blob-store.ts';
import type { BuildLogWriter } from '../build-log/build-log.ts';
import type { SourceTree } from '../repository/repository.ts';

/**
 * How a source tree becomes the bytes of a package. A builder writes one package into the output it is given and leaves
 * nothing else behind. It neither commits nor aborts the output: the worker does.
 *
 * The same tree and the same facts give the same bytes.
 */
export interface Builder {
  /** As it stands in `slipway/metadata.json` and in the log. */
  readonly name: 'archive' | 'script' | 'mxbuild';
  /**
   * @throws BuildFailure when the source is at fault; RepositoryError and BlobError pass through
   */
  build(job: BuildJob): Promise<void>;
}

/** What a builder finds out besides the package, as soon as it knows: it counts also where the build fails. */
export interface BuildReport {
  /** Of the Mendix project that is built. */
  mendixVersion?: string;
}

export interface BuildJob {
  readonly tree: SourceTree;
  readonly facts: BuildFacts;
  readonly output: BlobWriter;
  readonly log: BuildLogWriter;
  /** What the app keeps secret, by the name of the variable: for the commands of a build, and never for its log. */
  readonly secrets: Readonly<Record<string, string>>;
  /** For the builder to write in. */
  readonly report: BuildReport;
  /** Fires on cancel, time limit and shut-down: stop soon and throw its reason. */
  readonly signal: AbortSignal;
}

/** What a package says of itself. Nothing that differs between two builds of the same thing. */
export interface BuildFacts {
  /** Names the app for whatever a builder caches per app; not part of the package. */
  readonly appKey: string;
  readonly appId: string;
  readonly branch: string;
  readonly revision: string;
  readonly version: string;
  readonly description: string;
}
