import { listReleases, removeRelease } from './releases.ts';
import { type RunState, writeState } from './run-state.ts';
import type { Site } from './site.ts';

/** Removes old releases: all but those that were transported last, and the one that runs. */
export async function pruneReleases({ places }: Site, state: RunState, kept: number): Promise<void> {
  const running = state.run.phase === 'stopped' ? undefined : state.run.id;
  const newest = state.releases.slice(-kept);
  const stays = (id: string) => id === running || newest.some((release) => release.id === id);
  for (const id of await listReleases(places)) if (!stays(id)) await removeRelease(places, id);
  const releases = state.releases.filter(({ id }) => stays(id));
  if (releases.length < state.releases.length) await writeState(places, { ...state, releases });
}
