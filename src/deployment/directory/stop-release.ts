import { DeploymentFailure } from '../deployment-target.ts';
import { readCurrent, switchCurrent } from './current-link.ts';
import { type Release, type RunState, readState, writeState } from './run-state.ts';
import { runSiteCommand, type Site } from './site.ts';

/** Stops what runs, or may run since a start was cut off. */
export async function stopRelease(site: Site, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const state = await readState(site.places);
  if (state.run.phase === 'stopped') return;
  await runSiteCommand(site, { call: 'stop', release: await findCurrent(site, state) }, signal);
  if (state.run.phase === 'starting') await switchCurrent(site.places, state.run.former);
  await writeState(site.places, { ...state, run: { phase: 'stopped' } });
}

/** Runs the stop command on what may run or not; that it fails then means nothing. */
export async function stopPerhaps(site: Site, state: RunState, mostMs: number, signal: AbortSignal): Promise<void> {
  const release = await findCurrent(site, state);
  try {
    await runSiteCommand(site, { call: 'stop', release, mostMs }, signal);
  } catch (error) {
    if (!(error instanceof DeploymentFailure)) throw error;
  }
}

/** The release that the link leads to. */
export async function findCurrent({ places }: Site, { releases }: RunState): Promise<Release | undefined> {
  const id = await readCurrent(places);
  return releases.find((release) => release.id === id);
}
