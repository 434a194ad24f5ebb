import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { ifThere } from '../../files/file-errors.ts';
import { DeploymentFailure, type TargetEnvironment } from '../deployment-target.ts';
import { commandFailure } from './command-failure.ts';
import type { DirectoryOptions } from './directory-options.ts';
import { type Places, releaseFolder, settingsFile } from './places.ts';
import { runCommand } from './run-command.ts';
import type { Release } from './run-state.ts';

/** An environment, its folder, and what its commands are told of the server. */
export interface Site {
  readonly environment: TargetEnvironment;
  readonly options: DirectoryOptions;
  readonly places: Places;
  readonly path: string;
  readonly home: string;
}

export interface SiteCommand {
  readonly call: 'start' | 'stop' | 'clean';
  /** In whose folder it runs; the environment's own where left out. */
  readonly release: Release | undefined;
  readonly autoSyncDb?: boolean;
  /** Undefined for as long as the signal allows. */
  readonly mostMs?: number;
  /** Name of the file that its output goes to. */
  readonly log?: string;
}

/**
 * Runs a command of an environment, where it has one.
 *
 * @throws DeploymentFailure where it fails or takes too long; the reason of the signal
 */
export async function runSiteCommand(site: Site, given: SiteCommand, signal: AbortSignal): Promise<void> {
  const { call, release, mostMs, log = `${given.call}.log` } = given;
  const command = site.options[call];
  if (command === undefined) return signal.throwIfAborted();
  const { places } = site;
  const limit = mostMs === undefined ? undefined : AbortSignal.timeout(mostMs);
  const outcome = await runCommand({
    command,
    folder: release === undefined ? places.folder : releaseFolder(places, release.id),
    variables: await variablesOf(site, given),
    log: join(places.own, log),
    note: places.command,
    signal: limit === undefined ? signal : AbortSignal.any([signal, limit]),
  }).catch((cause: unknown) => {
    if (signal.aborted || cause !== limit?.reason) throw cause;
    const seconds = Math.round((mostMs ?? 0) / 1000);
    const advice = 'Raise SLIPWAY_DEPLOY_TIMEOUT, of which it has a part.';
    throw new DeploymentFailure(`its ${call} command took longer than ${seconds} s. ${advice}`, { cause });
  });
  if (outcome.code !== 0) throw commandFailure(call, outcome);
}

async function variablesOf(site: Site, { release, autoSyncDb }: SiteCommand): Promise<Record<string, string>> {
  const { environment, places, path, home } = site;
  return {
    PATH: path,
    HOME: home,
    SLIPWAY_APP: environment.appId,
    SLIPWAY_ENVIRONMENT: environment.mode,
    ...(release !== undefined && {
      SLIPWAY_PACKAGE_ID: release.id,
      SLIPWAY_VERSION: release.version,
      SLIPWAY_RELEASE: releaseFolder(places, release.id),
      ...((await isThere(settingsFile(places, release.id))) && { SLIPWAY_SETTINGS: settingsFile(places, release.id) }),
    }),
    ...(autoSyncDb !== undefined && { SLIPWAY_AUTO_SYNC_DB: String(autoSyncDb) }),
  };
}

export async function isThere(path: string): Promise<boolean> {
  return (await ifThere(access(path).then(() => true))) ?? false;
}
