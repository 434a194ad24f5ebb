import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { BuildFailure } from '../../domain/failure.ts';
import type { MendixVersion } from '../../domain/mendix-version.ts';
import { ifThere } from '../../files/file-errors.ts';
import { untilAborted } from '../../repository/until-aborted.ts';
import type { Toolchains } from './toolchains.ts';

/** From which a version is fetched that is not here, and where it is kept meanwhile. */
export interface MirrorOptions {
  readonly toolchains: Toolchains;
  /** A URL or the path of an archive, with `{version}` in it; undefined where nothing is to be fetched. */
  readonly mirror: string | undefined;
  /** Made when it is needed; on the same disk as the toolchains. */
  readonly folder: string;
}

/** Tells those who wait how a download is doing, now and then. */
export type ReportProgress = (text: string) => void;

/** An archive has half a gigabyte, about. */
const MOST_ARCHIVE_BYTES = 4 * 1024 ** 3;
const REPORT_EVERY_MS = 5_000;

/**
 * Gets the MxBuild of a version: the one that is here, or else from the mirror. Builds that need the same one share one
 * download, which goes on when the build that began it is canceled.
 *
 * @returns gives the folder of a version; throws BuildFailure `toolchain-missing` with what to do, or the signal's reason
 */
export function toolchainSource(options: MirrorOptions) {
  const underWay = new Map<MendixVersion, Promise<string>>();
  const begin = (version: MendixVersion, report: ReportProgress) => {
    const fetched = fetchToolchain(options, version, report).finally(() => underWay.delete(version));
    fetched.catch(() => undefined);
    underWay.set(version, fetched);
    return fetched;
  };
  return async (version: MendixVersion, report: ReportProgress, signal: AbortSignal): Promise<string> => {
    const known = await options.toolchains.find(version);
    if (known !== undefined) return known;
    return await untilAborted(underWay.get(version) ?? begin(version, report), signal);
  };
}

async function fetchToolchain(options: MirrorOptions, version: MendixVersion, report: ReportProgress): Promise<string> {
  const { mirror, toolchains, folder } = options;
  if (mirror === undefined) throw missing(version, 'no mirror is configured');
  const source = mirror.replaceAll('{version}', version);
  const forEver = new AbortController().signal;
  if (!/^https?:\/\//i.test(source)) {
    if ((await ifThere(stat(source))) === undefined) throw missing(version, `there is no ${source}`);
    return await toolchains.add(source, version, forEver);
  }
  await mkdir(folder, { recursive: true });
  const archive = join(folder, `${randomUUID()}.tar.gz`);
  try {
    report(`Fetching MxBuild ${version} from ${source}.`);
    await download(source, archive, version, report);
    report(`Unpacking MxBuild ${version}.`);
    return await toolchains.add(archive, version, forEver);
  } finally {
    await rm(archive, { force: true });
  }
}

async function download(source: string, file: string, version: MendixVersion, report: ReportProgress): Promise<void> {
  try {
    const response = await fetch(source, { signal: AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS) });
    if (!response.ok || response.body === null) throw missing(version, `${source} answers ${response.status}`);
    const length = response.headers.get('content-length');
    const expected = length === null ? undefined : Number(length);
    const counter = countBytes(expected, report, () => missing(version, `${source} is larger than an MxBuild`));
    await pipeline(Readable.fromWeb(response.body), counter, createWriteStream(file, { flags: 'wx', mode: 0o600 }));
  } catch (error) {
    throw error instanceof BuildFailure ? error : missing(version, `${source} cannot be fetched`, error);
  }
}

const DOWNLOAD_TIMEOUT_MS = 60 * 60_000;

function countBytes(expected: number | undefined, report: ReportProgress, tooLarge: () => Error): Transform {
  let seen = 0;
  let reportedAt = performance.now();
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      seen += chunk.length;
      if (performance.now() - reportedAt > REPORT_EVERY_MS) {
        reportedAt = performance.now();
        report(`${megabytes(seen)}${expected === undefined ? '' : ` of ${megabytes(expected)}`} fetched.`);
      }
      if (seen > MOST_ARCHIVE_BYTES) done(tooLarge());
      else done(null, chunk);
    },
  });
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}

function missing(version: MendixVersion, why: string, cause?: unknown): BuildFailure {
  const message = `MxBuild ${version} is not on this server, and ${why}. Get mxbuild-${version}.tar.gz and run: slipway toolchain add mxbuild-${version}.tar.gz`;
  return new BuildFailure('toolchain-missing', message, { cause });
}
