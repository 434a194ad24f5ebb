import { setTimeout } from 'node:timers/promises';
import type { StandInApi } from './stand-in-api.ts';
import type { StoredApp } from './stored-apps.ts';

export interface StandInOperatorOptions {
  /** Fetches a package. @throws Error with what stands in the status where it cannot be built */
  readonly build?: (sourceURL: string) => Promise<void>;
  /** Whether the status says which generation it is of. */
  readonly observes?: boolean;
  /** Nothing is done from the beginning. */
  readonly asleep?: boolean;
}

export interface StandInOperator {
  /** The source of what runs; undefined for nothing. */
  findRunning(namespace: string, name: string): string | undefined;
  /** How often each source was built. */
  readonly builds: readonly string[];
}

interface Known {
  built?: string;
  running?: string;
  isBusy: boolean;
}

const STEP_MS = 5;
const READY = { databaseStatus: 'Ready', storageStatus: 'Ready', networkStatus: 'Ready' };

/**
 * Does what the Mendix operator is documented to do: builds when the source changes, applies `replicas` once that is
 * done, and does not try a build again that failed, until the source changes. What runs goes on while another is built. See
 * https://docs.mendix.com/developerportal/deploy/private-cloud-technical-appendix-02/, "App Image Build".
 */
export function runStandInOperator(
  t: { after(work: () => unknown): void },
  { apps }: StandInApi,
  { build = async () => undefined, observes = false, asleep = false }: StandInOperatorOptions = {},
): StandInOperator {
  const known = new Map<string, Known>();
  const builds: string[] = [];
  const ending = new AbortController();
  t.after(() => ending.abort());

  /** @returns false where the spec has changed since, and it is begun again */
  const report = (seen: StoredApp, fields: object): boolean => {
    const { namespace, name, generation } = seen.metadata;
    const app = apps.find(namespace, name);
    if (app === undefined || app.metadata.generation !== generation) return false;
    const status = { ...app.status, ...fields, ...(observes && { observedGeneration: generation }) };
    apps.change(app, { status });
    return true;
  };

  const buildApp = async (app: StoredApp, state: Known): Promise<boolean> => {
    const source: string | undefined = app.spec.sourceURL;
    if (source === undefined) return false;
    if (source === state.built) return true;
    if (!report(app, { ...READY, buildStatus: 'Pending', mendixAppState: 'Pending' })) return false;
    await setTimeout(STEP_MS, undefined, { signal: ending.signal });
    try {
      builds.push(source);
      await build(source);
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      report(app, { buildStatus: `Failed: ${words}`, mendixAppState: 'Error' });
      return false;
    }
    state.built = source;
    return report(app, { buildStatus: 'Ready' });
  };

  const runApp = async (app: StoredApp, state: Known): Promise<void> => {
    const isWanted = (app.spec.replicas ?? 1) > 0;
    if (!report(app, { runtimeStatus: 'Pending' })) return;
    await setTimeout(STEP_MS, undefined, { signal: ending.signal });
    const up = {
      ...READY,
      mendixAppState: 'Ready',
      runtimeStatus: 'Ready',
      appState: isWanted ? 'Started' : 'Stopped',
    };
    if (!report(app, up)) return;
    if (isWanted && state.built !== undefined) state.running = state.built;
    else delete state.running;
  };

  const reconcile = async (namespace: string, name: string, state: Known): Promise<void> => {
    for (let done = -1; ; ) {
      await setTimeout(STEP_MS, undefined, { signal: ending.signal });
      const app = apps.find(namespace, name);
      if (app === undefined || app.metadata.generation === done) return;
      done = app.metadata.generation;
      if (await buildApp(app, state)) await runApp(app, state);
    }
  };

  const wake = (namespace: string, name: string): void => {
    const state = known.get(`${namespace}/${name}`) ?? { isBusy: false };
    known.set(`${namespace}/${name}`, state);
    if (state.isBusy || ending.signal.aborted) return;
    state.isBusy = true;
    reconcile(namespace, name, state)
      .catch((error: unknown) => {
        if (!ending.signal.aborted) throw error;
      })
      .finally(() => {
        state.isBusy = false;
      });
  };
  if (!asleep) apps.onChange(wake);
  return { builds, findRunning: (namespace, name) => known.get(`${namespace}/${name}`)?.running };
}
