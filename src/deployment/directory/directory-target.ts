import type { BlobStore } from '../../blob/blob-store.ts';
import { codeOf } from '../../files/file-errors.ts';
import { DeploymentFailure, type DeploymentTarget, type TargetEnvironment } from '../deployment-target.ts';
import { claimFolder, findFolder } from './claim-folder.ts';
import { parseDirectoryOptions, RELEASES_KEPT, readDirectoryOptions } from './directory-options.ts';
import { pruneReleases } from './prune-releases.ts';
import { placeRelease, removePartial } from './releases.ts';
import { removeSite } from './remove-site.ts';
import { type RunState, readState, writeState } from './run-state.ts';
import { killLeftCommand } from './running-command.ts';
import { shareOfTime } from './share-of-time.ts';
import { runSiteCommand, type Site } from './site.ts';
import { startRelease } from './start-release.ts';
import { findCurrent, stopPerhaps, stopRelease } from './stop-release.ts';

const NO_CLEAN =
  "it has no clean command, so its data stays: set one with 'slipway environment update' and --option clean=….";

export interface DirectoryTargetOptions {
  readonly blobs: BlobStore;
  /** Absolute paths: environments may be deployed below these. */
  readonly allowedFolders: readonly string[];
  /** What the commands have for `PATH` and `HOME`. */
  readonly path: string;
  readonly home: string;
  /** How long a call may take. */
  readonly timeoutMs: number;
  /** Told of what did not go well and does not keep an environment from running. */
  readonly onError: (error: unknown) => void;
}

/**
 * Deploys to a folder of this machine: unpacks each package into a release, makes the link `current` lead to one, and
 * runs the commands that start and stop it.
 */
export function directoryTarget(target: DirectoryTargetOptions): DeploymentTarget {
  const prune = (site: Site, state: RunState) =>
    pruneReleases(site, state, site.options.keep ?? RELEASES_KEPT).catch(target.onError);
  return {
    parseOptions: (given, former) => parseDirectoryOptions(given, former, target.allowedFolders),
    presentOptions: (options) => options,
    transport: (environment, given, signal) =>
      translated(async () => {
        signal.throwIfAborted();
        const site = await openSite(target, environment, claimFolder);
        // A folder whose starts always fail would fill the disk. Before the new one comes: until its transport has been
        // written down, the environment holds the one that came last.
        await prune(site, await readState(site.places));
        await placeRelease(site.places, target.blobs, given, signal);
        const { releases, run } = await readState(site.places);
        const others = releases.filter(({ id }) => id !== given.id);
        await writeState(site.places, { releases: [...others, { id: given.id, version: given.version }], run });
      }),
    start: (environment, order, signal) =>
      translated(async () => {
        signal.throwIfAborted();
        const site = await openSite(target, environment, claimFolder);
        const state = await startRelease(site, order, target.timeoutMs, signal);
        await prune(site, state);
      }),
    stop: (environment, signal) => ifClaimed(target, environment, signal, (site) => stopRelease(site, signal)),
    clean: (environment, signal) =>
      ifClaimed(target, environment, signal, async (site) => {
        if (site.options.clean === undefined) throw new DeploymentFailure(NO_CLEAN);
        const state = await readState(site.places);
        const release = (await findCurrent(site, state)) ?? state.releases.at(-1);
        await runSiteCommand(site, { call: 'clean', release }, signal);
      }),
    remove: (environment, signal) =>
      ifClaimed(target, environment, signal, async (site) => {
        const state = await readState(site.places);
        const { stop } = shareOfTime(target.timeoutMs);
        if (state.run.phase === 'starting') await stopPerhaps(site, state, stop, signal);
        await removeSite(site.places, signal);
      }),
  };
}

/** Opens the folder of an environment, and puts right what a server left that was killed. */
async function openSite<P extends Site['places'] | undefined>(
  { allowedFolders, path, home }: DirectoryTargetOptions,
  environment: TargetEnvironment,
  find: (folder: Parameters<typeof claimFolder>[0]) => Promise<P>,
): Promise<Omit<Site, 'places'> & { readonly places: P }> {
  const options = readDirectoryOptions(environment.options);
  const { folder } = options;
  const places = await find({ environmentId: environment.id, folder, allowed: allowedFolders });
  if (places !== undefined) {
    await killLeftCommand(places.command);
    await removePartial(places);
  }
  return { environment, options, places, path, home };
}

/** Does something to an environment whose folder was claimed: there is nothing to do to any other. */
function ifClaimed(
  target: DirectoryTargetOptions,
  environment: TargetEnvironment,
  signal: AbortSignal,
  work: (site: Site) => Promise<void>,
): Promise<void> {
  return translated(async () => {
    signal.throwIfAborted();
    const { places, ...site } = await openSite(target, environment, findFolder);
    if (places !== undefined) await work({ ...site, places });
  });
}

/** What the file system refuses is for whoever called to know. */
async function translated(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (cause) {
    if (!(cause instanceof Error) || cause instanceof DeploymentFailure || !('syscall' in cause)) throw cause;
    const isFull = codeOf(cause) === 'ENOSPC' || codeOf(cause) === 'EDQUOT';
    throw new DeploymentFailure(`${cause.message}.`, { cause, ...(isFull && { code: 'STORAGE_FULL' }) });
  }
}
