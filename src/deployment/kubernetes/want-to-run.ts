import type { StartOrder } from '../deployment-target.ts';
import { type DeployedNote, readDeployedNote } from './deployed-note.ts';
import type { MendixApp } from './mendix-app.ts';
import { patchRuntime } from './patch-runtime.ts';
import type { WantedApp } from './wanted-app.ts';

export interface LinkTime {
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly ttlSeconds: number;
}

type Order = Pick<StartOrder, 'package' | 'settings'>;

/**
 * A resource that runs a package with its settings, once it has replicas.
 *
 * @throws DeploymentFailure where the link cannot be made, or the settings that are there cannot be read
 */
export function wantToRun(app: MendixApp, order: Order, time: LinkTime): WantedApp {
  const former = readDeployedNote(app);
  const link = chooseLink(former, order, time);
  const { constants, customSettings, scheduledEvents } = order.settings;
  const note: DeployedNote = {
    ...link,
    package: order.package.id,
    constants: Object.keys(constants).sort(),
    customSettings: Object.keys(customSettings).sort(),
    scheduledEvents: Object.keys(scheduledEvents).length > 0,
    ...(former.replicas !== undefined && { replicas: former.replicas }),
  };
  return { note, spec: { sourceURL: link.sourceURL, runtime: patchRuntime(app, former, order.settings) } };
}

/** The link of before, while it is to the same package and half of its time is left. */
function chooseLink(note: DeployedNote, order: Order, { now, ttlSeconds }: LinkTime) {
  const { sourceURL, renewAt } = note;
  const isGood = note.package === order.package.id && renewAt !== undefined && now < renewAt;
  if (isGood && sourceURL !== undefined) return { sourceURL, renewAt };
  return { sourceURL: order.package.link(ttlSeconds), renewAt: now + ttlSeconds * 500 };
}
