import { DeploymentFailure } from '../deployment-target.ts';
import { switchCurrent } from './current-link.ts';
import { type RunState, type Starting, writeState } from './run-state.ts';
import type { ShareOfTime } from './share-of-time.ts';
import { runSiteCommand, type Site } from './site.ts';
import { stopPerhaps } from './stop-release.ts';

export interface FailedStart {
  readonly state: RunState;
  readonly run: Starting;
  readonly failure: DeploymentFailure;
}

/**
 * Goes back to the release that was there before a start that failed, and starts that again if it ran.
 *
 * @returns the failure, which says so
 */
export async function rollBack(
  site: Site,
  { state, run, failure }: FailedStart,
  share: ShareOfTime,
  signal: AbortSignal,
): Promise<DeploymentFailure> {
  // It may have left something running that has what the one before needs, such as a port.
  await stopPerhaps(site, state, share.stop, signal);
  await switchCurrent(site.places, run.former);
  const former = state.releases.find(({ id }) => id === run.former);
  const settle = async (now: RunState['run'], words: string) => {
    await writeState(site.places, { ...state, run: now });
    const nothingRuns = now.phase === 'stopped';
    return new DeploymentFailure(`${failure.message} ${words}`.trim(), {
      code: failure.code,
      cause: failure,
      nothingRuns,
    });
  };
  if (former === undefined || former.id === run.id) return await settle({ phase: 'stopped' }, '');
  const back = `Went back to the package '${former.id}' (${former.version})`;
  if (!run.formerRan) return await settle({ phase: 'stopped' }, `${back}, which did not run.`);
  try {
    // Whatever is in the database, going back must not change it.
    const again = { call: 'start', release: former, autoSyncDb: false, mostMs: share.startAgain } as const;
    await runSiteCommand(site, { ...again, log: 'start-again.log' }, signal);
  } catch (error) {
    if (!(error instanceof DeploymentFailure)) throw error;
    return await settle({ phase: 'stopped' }, `${back}, which could not be started again: ${error.message}`);
  }
  return await settle({ phase: 'running', id: former.id }, `${back}, which runs again.`);
}
