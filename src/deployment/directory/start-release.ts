import { replaceFile } from '../../files/replace-file.ts';
import { DeploymentFailure, type StartOrder } from '../deployment-target.ts';
import { readCurrent, switchCurrent } from './current-link.ts';
import { releaseFolder, settingsFile } from './places.ts';
import { rollBack } from './roll-back.ts';
import { type RunState, readState, type Starting, writeState } from './run-state.ts';
import { shareOfTime } from './share-of-time.ts';
import { isThere, runSiteCommand, type Site } from './site.ts';
import { findCurrent, stopPerhaps } from './stop-release.ts';

/**
 * Makes the link lead to a release and runs the start command, in place of what runs. Where that fails, the link leads
 * back to the release before, which is started again if it ran.
 *
 * Before anything is changed it is written down what is being changed: a start that was cut off is put right by the next
 * call, whichever that is.
 *
 * @param timeoutMs of the call as a whole
 * @returns the state, with what runs now
 * @throws DeploymentFailure; the reason of the signal
 */
export async function startRelease(
  site: Site,
  order: StartOrder,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<RunState> {
  signal.throwIfAborted();
  const { places } = site;
  const before = await readState(places);
  const { id } = order.package;
  if (before.run.phase === 'running' && before.run.id === id) return before;
  const release = before.releases.find((one) => one.id === id);
  if (release === undefined || !(await isThere(releaseFolder(places, id)))) {
    const message = `the package '${id}' is not in '${places.releases}': transport it again.`;
    throw new DeploymentFailure(message, { code: 'NO_PACKAGE' });
  }
  await replaceFile(settingsFile(places, id), `${JSON.stringify(order.settings, undefined, 2)}\n`);
  const run = await planStart(site, before, id);
  const starting = { ...before, run };
  await writeState(places, starting);
  await stopFormer(site, before, timeoutMs, signal);
  const share = shareOfTime(timeoutMs);
  const { autoSyncDb } = order;
  try {
    await switchCurrent(places, id);
    await runSiteCommand(site, { call: 'start', release, autoSyncDb, mostMs: share.start }, signal);
  } catch (error) {
    signal.throwIfAborted();
    throw await rollBack(site, { state: starting, run, failure: toFailure(error) }, share, signal);
  }
  const started: RunState = { ...before, run: { phase: 'running', id } };
  await writeState(places, started);
  return started;
}

async function planStart({ places }: Site, { run }: RunState, id: string): Promise<Starting> {
  // Of a start that was cut off before: where to go back to stays the same.
  if (run.phase === 'starting') return { ...run, id };
  const former = await readCurrent(places);
  return { phase: 'starting', id, ...(former !== undefined && { former }), formerRan: run.phase === 'running' };
}

async function stopFormer(site: Site, before: RunState, timeoutMs: number, signal: AbortSignal): Promise<void> {
  const mostMs = shareOfTime(timeoutMs).stop;
  if (before.run.phase === 'stopped') return;
  if (before.run.phase === 'starting') return await stopPerhaps(site, before, mostMs, signal);
  try {
    await runSiteCommand(site, { call: 'stop', release: await findCurrent(site, before), mostMs }, signal);
  } catch (error) {
    // Nothing was changed.
    if (!signal.aborted) await writeState(site.places, before);
    throw error;
  }
}

function toFailure(error: unknown): DeploymentFailure {
  if (error instanceof DeploymentFailure) return error;
  const words = error instanceof Error ? error.message : String(error);
  return new DeploymentFailure(`its release could not be started: ${words}.`, { cause: error });
}
