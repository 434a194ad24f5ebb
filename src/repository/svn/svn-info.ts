import type { ProgramOutcome } from '../run-program.ts';
import { runSvn, type SvnRemote } from './run-svn.ts';
import { findAll, parseSvnXml, textAt, type XmlElement } from './svn-xml.ts';

/** What `svn info` says of one folder or file. */
export interface SvnInfo {
  readonly isFolder: boolean;
  readonly url: string;
  /** Below the root of the repository, with a slash before it. */
  readonly rootPath: string;
  readonly rootUrl: string;
  /** The one asked for; the youngest of the repository where `HEAD` was. */
  readonly revision: number;
  readonly changedRevision: number;
  /** When that was committed, in milliseconds since 1970. */
  readonly changedAt: number;
}

export interface SvnInfos {
  /** In the order of the targets; undefined for one that is not there. */
  readonly infos: readonly (SvnInfo | undefined)[];
  /** Says why something is missing. */
  readonly outcome: ProgramOutcome;
}

/** Asks the remote what is at each of some targets, which differ in their paths. */
export async function askInfo(
  remote: SvnRemote,
  targets: readonly string[],
  signal: AbortSignal,
  options: readonly string[] = [],
): Promise<SvnInfos> {
  const { connectTimeoutMs } = remote.settings;
  const args = ['info', '--xml', ...options, ...targets];
  const outcome = await runSvn(remote, { args, timeoutMs: connectTimeoutMs, signal });
  const found = findAll(parseSvnXml(outcome.stdout), 'entry').map(readInfo);
  const infos = targets.map((one) => found.find(({ url }) => isSamePath(url, one.slice(0, one.lastIndexOf('@')))));
  return { infos, outcome };
}

function readInfo(entry: XmlElement): SvnInfo {
  const commit = entry.children.find(({ name }) => name === 'commit');
  const rootUrl = textAt(entry, 'repository', 'root');
  const url = textAt(entry, 'url');
  return {
    isFolder: entry.attributes.kind === 'dir',
    url,
    rootUrl,
    rootPath: decodeURIComponent(url.slice(rootUrl.length)) || '/',
    revision: Number(entry.attributes.revision),
    changedRevision: Number(commit?.attributes.revision),
    changedAt: commit === undefined ? 0 : Date.parse(textAt(commit, 'date')),
  };
}

/** Svn encodes less than we do, and writes some hosts in its own way. */
function isSamePath(one: string, other: string): boolean {
  const pathOf = (url: string) => decodeURIComponent(URL.parse(url)?.pathname ?? url).replace(/\/$/, '');
  return pathOf(one) === pathOf(other);
}
