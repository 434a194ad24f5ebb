import { listAppsWithRetention } from '../database/apps.ts';
import { parseLogin } from '../domain/identifiers.ts';
import { type PrunePackagesDeps, prunePackages } from './prune-packages.ts';

export interface PruneAppsDeps extends PrunePackagesDeps {
  /** Told of an app that could not be pruned; the others are all the same. */
  readonly onError: (error: unknown, appId: string) => void;
}

/** Under which the audit has what the server does by itself. */
const SERVER = parseLogin('slipway');

/** Deletes the packages that nothing keeps of every app that has a retention. Ends early when the signal fires. */
export async function pruneApps(deps: PruneAppsDeps, signal: AbortSignal): Promise<void> {
  for (const app of await listAppsWithRetention(deps.database.read)) {
    if (signal.aborted) return;
    try {
      await prunePackages(deps, { app, login: SERVER, dryRun: false, after: 0, onlyOld: true }, signal);
    } catch (error) {
      deps.onError(error, app.app_id);
    }
  }
}
