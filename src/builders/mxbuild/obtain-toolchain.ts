import { Readable } from 'node:stream';
import { hideCredentials } from '../../domain/credentials-in-text.ts';
import { BuildFailure } from '../../domain/failure.ts';
import type { MendixVersion } from '../../domain/mendix-version.ts';
import { untilAborted } from '../../repository/until-aborted.ts';
import { type Archive, archiveFile, UnusableArchive } from './archive-file.ts';
import type { Toolchains } from './toolchains.ts';

/** From which a version is fetched that is not here. */
export interface MirrorOptions {
  readonly toolchains: Toolchains;
  /** A URL or the path of an archive, with `{version}` in it; undefined where nothing is to be fetched. */
  readonly mirror: string | undefined;
  /** How often builds are told how a download is doing. */
  readonly reportEveryMs?: number;
}

/** Tells those who wait how a download is doing, now and then. */
export type ReportProgress = (text: string) => void;

/** A version on its way here, and the builds that wait for it. */
interface Fetch {
  readonly toolchain: Promise<string>;
  readonly waiting: Set<ReportProgress>;
}

const REPORT_EVERY_MS = 5_000;
const DOWNLOAD_TIMEOUT_MS = 60 * 60_000;

/** Gets MxBuilds. */
export interface ToolchainSource {
  /**
   * The MxBuild of a version: the one that is here, or else from the mirror. Builds that need the same one share one
   * download, and each is told how it is doing. It goes on when the build that began it is canceled.
   *
   * @returns its folder
   * @throws BuildFailure `toolchain-missing` with the version and what to do; the signal's reason
   */
  obtain(version: MendixVersion, report: ReportProgress, signal: AbortSignal): Promise<string>;
  /** Ends the downloads that are under way. To be called after the last build. */
  close(): Promise<void>;
}

export function toolchainSource(options: MirrorOptions): ToolchainSource {
  const underWay = new Map<MendixVersion, Fetch>();
  const closed = new AbortController();
  const begin = (version: MendixVersion, report: ReportProgress): Fetch => {
    const waiting = new Set([report]);
    const tellAll = (text: string) => {
      for (const tell of waiting) tell(text);
    };
    const fetched = fetchToolchain(options, version, tellAll, closed.signal).catch((error: unknown) => {
      throw error instanceof BuildFailure ? missing(version, error) : error;
    });
    const toolchain = fetched.finally(() => underWay.delete(version));
    toolchain.catch(() => undefined);
    underWay.set(version, { toolchain, waiting });
    return { toolchain, waiting };
  };
  const join = (other: Fetch, version: MendixVersion, report: ReportProgress): Fetch => {
    report(`MxBuild ${version} is being fetched already, for another build.`);
    other.waiting.add(report);
    return other;
  };
  return {
    async obtain(version, report, signal) {
      const known = await options.toolchains.find(version);
      if (known !== undefined) return known;
      const other = underWay.get(version);
      const { toolchain, waiting } = other === undefined ? begin(version, report) : join(other, version, report);
      try {
        return await untilAborted(toolchain, signal);
      } finally {
        waiting.delete(report);
      }
    },
    async close() {
      closed.abort(new Error('The server is stopping.'));
      await Promise.allSettled([...underWay.values()].map(({ toolchain }) => toolchain));
    },
  };
}

async function fetchToolchain(
  { mirror, toolchains, reportEveryMs = REPORT_EVERY_MS }: MirrorOptions,
  version: MendixVersion,
  report: ReportProgress,
  signal: AbortSignal,
): Promise<string> {
  if (mirror === undefined) throw new UnusableArchive('No mirror is configured.');
  const source = mirror.replaceAll('{version}', version);
  const isFile = !/^https?:\/\//i.test(source);
  report(`Fetching MxBuild ${version} from ${hideCredentials(source)}.`);
  const archive = isFile ? archiveFile(source) : archiveAt(source, reportNowAndThen(report, reportEveryMs));
  const toolchain = await toolchains.add(archive, version, signal);
  report(`MxBuild ${version} is here.`);
  return toolchain;
}

/** The archive that a mirror on the web answers with. */
function archiveAt(source: string, report: ReportBytes): Archive {
  const failed = (what: string, cause: unknown) =>
    new UnusableArchive(`${source} ${what} (${whyOf(cause)}).`, { cause });
  return {
    name: source,
    async open(signal) {
      const bounded = AbortSignal.any([signal, AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS)]);
      const response = await fetch(source, { signal: bounded }).catch((error) => {
        throw failed('cannot be fetched', error);
      });
      if (!response.ok || response.body === null) {
        await response.body?.cancel();
        throw new UnusableArchive(`${source} answers ${response.status}.`);
      }
      return Readable.from(readBody(response, response.body, failed, report));
    },
  };
}

type ReportBytes = (seen: number, of: number | undefined) => void;

/** An answer that is shorter than it says, `fetch` itself takes for broken off. */
async function* readBody(
  { headers }: Response,
  body: ReadableStream<Uint8Array>,
  failed: (what: string, cause: unknown) => UnusableArchive,
  report: ReportBytes,
): AsyncGenerator<Uint8Array> {
  const length = headers.get('content-length');
  const sizeBytes = length === null ? undefined : Number(length);
  const reader = body.getReader();
  let seen = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((error: unknown) => {
        throw failed(`broke off after ${seen}${sizeBytes === undefined ? '' : ` of ${sizeBytes}`} bytes`, error);
      });
      if (done) return;
      seen += value.length;
      report(seen, sizeBytes);
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function reportNowAndThen(report: ReportProgress, everyMs: number): ReportBytes {
  let reportedAt = performance.now();
  return (seen, of) => {
    if (performance.now() - reportedAt < everyMs) return;
    reportedAt = performance.now();
    report(`${megabytes(seen)}${of === undefined ? '' : ` of ${megabytes(of)}`} fetched.`);
  };
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}

/** `fetch` says that it failed, and in its cause why. */
function whyOf(error: unknown): string {
  const told = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return told instanceof Error ? told.message : String(told);
}

/** For the package: which version, why, and the command that mends it. The mirror's address may be part of the why. */
function missing(version: MendixVersion, cause: BuildFailure): BuildFailure {
  const archive = `mxbuild-${version}.tar.gz`;
  const command = cause instanceof UnusableArchive ? ` Get ${archive} and run: slipway toolchain add ${archive}` : '';
  const message = `MxBuild ${version} is not on this server. ${hideCredentials(cause.message)}${command}`;
  return new BuildFailure(cause.code, message, { cause });
}
