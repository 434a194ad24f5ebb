import { readCurrent } from './current-link.ts';
import { listReleases, removeRelease } from './releases.ts';
import { type RunState, writeState } from './run-state.ts';
import type { Site } from './site.ts';

/** Removes old releases: all but those that were transported last, and those that run, or may have to run again. */
export async function pruneReleases({ places }: Site, state: RunState, kept: number): Promise<void> {
  const { run } = state;
  const inUse = [
    await readCurrent(places),
    run.phase === 'stopped' ? undefined : run.id,
    run.phase === 'starting' ? run.former : undefined,
  ];
  const newest = state.releases.slice(-kept).map(({ id }) => id);
  const stays = (id: string) => inUse.includes(id) || newest.includes(id);
  for (const id of await listReleases(places)) if (!stays(id)) await removeRelease(places, id);
  const releases = state.releases.filter(({ id }) => stays(id));
  if (releases.length < state.releases.length) await writeState(places, { ...state, releases });
}
