import { type TObject, Type } from 'typebox';
import { Check, Clean, Errors } from 'typebox/value';

const Text = Type.Optional(Type.String());
const Texts = Type.Optional(Type.Record(Type.String(), Type.String()));
const Flag = Type.Optional(Type.Boolean());
const part = (properties: Parameters<typeof Type.Object>[0]) => Type.Optional(Type.Object(properties));
const Plan = part({ servicePlan: Text, serviceClass: Text });
const Amounts = part({ cpu: Text, memory: Text });
const Level = Type.Optional(
  Type.Union(['TRACE', 'DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'].map((level) => Type.Literal(level))),
);

/**
 * The fields of a `MendixApp` by its documented example and the list of changes below it:
 * https://docs.mendix.com/developerportal/deploy/private-cloud-operator/#edit-cr. The definition that the operator
 * installs is not published; like any structural one it drops fields that it does not know.
 */
const SpecSchema = Type.Object({
  database: Plan,
  storage: Plan,
  mendixRuntimeVersion: Text,
  sourceURL: Text,
  sourceVersion: Text,
  appURL: Text,
  tls: part({ enableTLS: Flag, secretName: Text, certificate: Text, key: Text }),
  replicas: Type.Optional(Type.Integer({ minimum: 0 })),
  resources: part({ limits: Amounts, requests: Amounts }),
  runtimeDeploymentPodAnnotations: Texts,
  serviceAnnotations: Texts,
  endpointAnnotations: Texts,
  ingressClassName: Text,
  ingressPath: Text,
  ingressPathType: Text,
  runtime: part({
    logAutosubscribeLevel: Level,
    mxAdminPassword: Text,
    debuggerPassword: Text,
    dtapMode: Type.Optional(Type.Union([Type.Literal('P'), Type.Literal('D')])),
    logLevels: Texts,
    logFormatType: Text,
    microflowConstants: Texts,
    scheduledEventExecution: Type.Optional(
      Type.Union([Type.Literal('ALL'), Type.Literal('NONE'), Type.Literal('SPECIFIED')]),
    ),
    myScheduledEvents: Type.Optional(Type.Array(Type.String())),
    jettyOptions: Text,
    customConfiguration: Text,
  }),
  runtimeLeaderSelection: Text,
  runtimeLicenseProduct: Text,
});

/** What is wrong with a spec, as the API server says it; undefined for nothing. */
export function findMistake(spec: unknown, schema: TObject = SpecSchema): string | undefined {
  if (Check(schema, spec)) return undefined;
  const [mistake] = Errors(schema, spec);
  return `spec${(mistake?.instancePath ?? '').replaceAll('/', '.')}: Invalid value: ${mistake?.message ?? 'not accepted'}`;
}

/** A spec without the fields that the definition does not know. */
export function prune(spec: unknown, without: readonly string[]): Record<string, unknown> {
  const { ...kept } = Clean(SpecSchema, structuredClone(spec)) as Record<string, unknown>;
  for (const field of without) delete kept[field];
  return kept;
}
