import { type Static, Type } from 'typebox';
import { Check } from 'typebox/value';
import type { MendixApp } from './mendix-app.ts';

/** The annotation in which Slipway notes what it made of a resource. */
export const DEPLOYED_ANNOTATION = 'slipway/deployed';

const DeployedNoteSchema = Type.Object({
  /** The package, the link to it, and from when on (milliseconds since 1970) a start makes another. */
  package: Type.Optional(Type.String()),
  sourceURL: Type.Optional(Type.String()),
  renewAt: Type.Optional(Type.Number()),
  /** How many there were before it was stopped. */
  replicas: Type.Optional(Type.Integer({ minimum: 1 })),
  /** The names of the constants and custom settings that Slipway has set, and whether it has set the scheduled events. */
  constants: Type.Optional(Type.Array(Type.String())),
  customSettings: Type.Optional(Type.Array(Type.String())),
  scheduledEvents: Type.Optional(Type.Boolean()),
});

/**
 * What Slipway made of a resource: what it set it may take back, what others set it leaves alone, and a link that is
 * good need not change, since the operator builds anew for another one.
 */
export type DeployedNote = Readonly<Static<typeof DeployedNoteSchema>>;

/** @returns an empty one where there is none, or none that can be read */
export function readDeployedNote({ metadata }: MendixApp): DeployedNote {
  try {
    const note: unknown = JSON.parse(metadata.annotations?.[DEPLOYED_ANNOTATION] ?? '{}');
    return Check(DeployedNoteSchema, note) ? note : {};
  } catch {
    return {};
  }
}
