import { type Static, Type } from 'typebox';
import { Check } from 'typebox/value';

/** Where the Kubernetes API has the resource: its group and version, and the plural that roles name it by. */
export const MENDIX_APPS = { group: 'privatecloud.mendix.com', version: 'v1alpha1', plural: 'mendixapps' } as const;

const Text = Type.Optional(Type.String());

/**
 * The resource of the Mendix operator, as far as it is read here. Its fields are documented by example:
 * https://docs.mendix.com/developerportal/deploy/private-cloud-operator/, sections "Editing the CR", "Monitoring the
 * Build Process" and "Starting and Stopping Your App".
 */
const MendixAppSchema = Type.Object({
  metadata: Type.Object({
    resourceVersion: Type.String(),
    /** Counts the changes of `spec`. */
    generation: Type.Optional(Type.Number()),
    annotations: Type.Optional(Type.Record(Type.String(), Type.String())),
  }),
  spec: Type.Optional(
    Type.Object({
      /** Where the operator fetches the package, without credentials. It builds anew when this changes. */
      sourceURL: Text,
      /** 0 stops it. One, where it is left out. */
      replicas: Type.Optional(Type.Integer()),
      runtime: Type.Optional(
        Type.Object({
          /** Settings of the runtime: a JSON object, as text. */
          customConfiguration: Text,
        }),
      ),
    }),
  ),
  status: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
});
export type MendixApp = Static<typeof MendixAppSchema>;

/** @returns undefined for what is no such resource */
export function parseMendixApp(value: unknown): MendixApp | undefined {
  return Check(MendixAppSchema, value) ? value : undefined;
}
