import { quote } from '../../domain/refusal.ts';
import { RepositoryError } from '../repository.ts';
import type { ProgramOutcome } from '../run-program.ts';
import type { Place } from './resolve-svn-revision.ts';
import type { SvnRemote } from './run-svn.ts';
import { type External, listExternalSources, resolveExternal } from './svn-externals.ts';
import { isInside, isSameServer } from './svn-info.ts';

/**
 * Fetches what a working copy takes from elsewhere, with the app's credentials where that is its own repository. They
 * never reach another server; another repository of the same server has to be readable without them, for whoever writes
 * into the app's repository could read it by them otherwise.
 *
 * @param externals all that the working copy itself names
 * @param update brings the working copy and its externals here
 * @throws RepositoryError `unreadable` for what must not be taken in
 */
export async function fetchExternals(
  remote: SvnRemote,
  copy: string,
  place: Place,
  externals: readonly External[],
  update: (withCredentials: boolean) => Promise<{ readonly outcome: ProgramOutcome }>,
  signal: AbortSignal,
): Promise<ProgramOutcome> {
  const urls = externals.map((external) => resolveExternal(external, place));
  checkSchemes(remote, urls);
  const withCredentials = !urls.some((url) => isNeighbour(remote, url, place));
  const { outcome } = await update(withCredentials);
  if (outcome.code !== 0) return outcome;
  // Externals may have externals, which svn fetches before anybody has looked at them.
  const fetched = (await listExternalSources(remote, copy, signal)).map(({ url }) => url);
  checkSchemes(remote, fetched);
  const neighbour = withCredentials ? fetched.find((url) => isNeighbour(remote, url, place)) : undefined;
  if (neighbour === undefined) return outcome;
  const message = `The external ${quote(neighbour)} of an external cannot be used: it is in another repository of the same server, which the app's credentials are not for.`;
  throw new RepositoryError('unreadable', message);
}

/** Whether a URL leads out of the repository to where its credentials might be good for more. */
function isNeighbour({ address }: SvnRemote, url: string, { rootUrl }: Place): boolean {
  if (address.transport === 'file') return false;
  // A key is offered to every host; a password to one alone.
  const isReached = address.transport === 'ssh' || isSameServer(url, rootUrl);
  return isReached && !isInside(url, rootUrl);
}

/** A repository from the network never names one on this machine, nor a program that svn would start. */
function checkSchemes(remote: SvnRemote, urls: readonly string[]): void {
  for (const url of urls) {
    const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1]?.toLowerCase();
    const isAllowed = scheme === undefined || ['svn', 'http', 'https', 'svn+ssh'].includes(scheme);
    if (isAllowed || (scheme === 'file' && remote.address.transport === 'file')) continue;
    const message = `The external ${quote(url)} cannot be used: a repository from the network cannot include one from this machine.`;
    throw new RepositoryError('unreadable', message);
  }
}
