import { DEPLOYED_ANNOTATION, type DeployedNote, readDeployedNote } from './deployed-note.ts';
import type { MendixApp } from './mendix-app.ts';
import type { MergePatch } from './merge-patch.ts';

/** What a resource is to be like, where it is not to stay as it is. */
export interface WantedApp {
  readonly note: DeployedNote;
  readonly spec: MergePatch;
}

export function asItIs(app: MendixApp): WantedApp {
  return { note: readDeployedNote(app), spec: {} };
}

/** Without replicas, which is what stops it; how many it had is noted. */
export function halted({ spec }: MendixApp, wanted: WantedApp): WantedApp {
  const replicas = spec?.replicas ?? 1;
  if (replicas === 0) return wanted;
  return { note: { ...wanted.note, replicas }, spec: { ...wanted.spec, replicas: 0 } };
}

/** With as many replicas as it had before it was stopped. */
export function raised({ spec }: MendixApp, wanted: WantedApp): WantedApp {
  if (spec?.replicas !== 0) return wanted;
  return { ...wanted, spec: { ...wanted.spec, replicas: wanted.note.replicas ?? 1 } };
}

export function toPatch({ note, spec }: WantedApp): MergePatch {
  if (Object.keys(note).length === 0) return { spec };
  return { metadata: { annotations: { [DEPLOYED_ANNOTATION]: JSON.stringify(note) } }, spec };
}
