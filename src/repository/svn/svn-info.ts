import type { ProgramOutcome } from '../run-program.ts';
import { runSvn, type SvnRemote } from './run-svn.ts';
import { movedFailure, svnFailure } from './svn-failure.ts';
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

/** What svn says in the end where all that failed is that something is not there. */
const MISSING = new Set(['E200009', 'E160006', 'E160013', 'E170000', 'E195012']);

/**
 * Asks the remote what is at each of some targets, which differ in their paths.
 *
 * @throws RepositoryError `unreachable` when it does not answer for each of them, or answers for another place: svn
 *   follows redirects, to this machine too
 */
export async function askInfo(remote: SvnRemote, targets: readonly string[], signal: AbortSignal): Promise<SvnInfos> {
  const { infos, outcome } = await probeInfo(remote, targets, signal);
  // Over ssh, each target has a connection of its own: what svn knew before one broke is told all the same.
  if (infos.includes(undefined) && outcome.code !== 0 && !isOfMissing(outcome)) {
    throw svnFailure(outcome, remote.address, remote.settings.connectTimeoutMs);
  }
  return { infos, outcome };
}

/**
 * The same of a remote that may be of another kind, or not let us in: the outcome says so.
 *
 * @throws RepositoryError `unreachable` when it answers for another place
 */
export async function probeInfo(remote: SvnRemote, targets: readonly string[], signal: AbortSignal): Promise<SvnInfos> {
  const { found, outcome } = await readInfos(remote, targets, signal);
  const urls = targets.map((one) => one.slice(0, one.lastIndexOf('@')));
  if (!found.every((info) => urls.some((url) => isSamePlace(info.url, url)))) throw movedFailure(remote.address);
  return { infos: urls.map((url) => found.find((info) => isSamePlace(info.url, url))), outcome };
}

/**
 * What a target was at another revision, wherever in the repository it was copied from.
 *
 * @throws RepositoryError `unreachable` as {@link askInfo} does
 */
export async function traceInfo(
  remote: SvnRemote,
  target: string,
  revision: number,
  signal: AbortSignal,
): Promise<SvnInfo | undefined> {
  const { found } = await readInfos(remote, ['-r', String(revision), target], signal);
  const [info] = found;
  if (info !== undefined && !isSameServer(info.url, remote.address.url)) throw movedFailure(remote.address);
  return info;
}

/**
 * A folder and what is right in it.
 *
 * @throws RepositoryError `unreachable` when it cannot be listed
 */
export async function listInfo(remote: SvnRemote, target: string, signal: AbortSignal): Promise<readonly SvnInfo[]> {
  const { found, outcome } = await readInfos(remote, ['--depth', 'immediates', target], signal);
  if (outcome.code !== 0) throw svnFailure(outcome, remote.address, remote.settings.connectTimeoutMs);
  if (!found.every(({ url }) => isSameServer(url, remote.address.url))) throw movedFailure(remote.address);
  return found;
}

function isOfMissing({ stderr }: ProgramOutcome): boolean {
  const errors = [...stderr.matchAll(/^svn: (E\d+)/gm)];
  return errors.length > 0 && errors.every(([, number = '']) => MISSING.has(number));
}

async function readInfos(remote: SvnRemote, args: readonly string[], signal: AbortSignal) {
  const { connectTimeoutMs: timeoutMs } = remote.settings;
  const outcome = await runSvn(remote, { args: ['info', '--xml', ...args], timeoutMs, signal });
  return { found: findAll(parseSvnXml(outcome.stdout), 'entry').map(readInfo), outcome };
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

function isSamePlace(one: string, other: string): boolean {
  return isSameServer(one, other) && pathOf(one) === pathOf(other);
}

/** Whether two URLs lead to one server, by one protocol. */
export function isSameServer(one: string, other: string): boolean {
  return serverOf(one) === serverOf(other);
}

/** Whether a URL leads to a place in a folder, or to the folder. */
export function isInside(url: string, folder: string): boolean {
  return isSameServer(url, folder) && `${pathOf(url)}/`.startsWith(`${pathOf(folder)}/`);
}

/** Svn writes some hosts in its own way, and leaves out a port that goes without saying. */
function serverOf(text: string): string {
  const url = URL.parse(text);
  return `${url?.protocol}//${url?.host.toLowerCase()}`.replace(/^(svn:.*):3690$/, '$1');
}

/** Svn encodes less than we do. */
function pathOf(text: string): string {
  return decodeURIComponent(URL.parse(text)?.pathname ?? text).replace(/\/$/, '');
}
