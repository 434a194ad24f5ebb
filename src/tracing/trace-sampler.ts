import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';

/** As the environment has them. */
export interface SamplerVariables {
  /** `OTEL_TRACES_SAMPLER` */
  readonly sampler: string | undefined;
  /** `OTEL_TRACES_SAMPLER_ARG` */
  readonly samplerArgument: string | undefined;
}

type CreateSampler = (ratio: () => number) => Sampler;

const everyTrace: CreateSampler = () => new ParentBasedSampler({ root: new AlwaysOnSampler() });

/** By the names of OpenTelemetry's specification of environment variables: the SDK has the samplers, and not the names. */
const SAMPLERS: ReadonlyMap<string, CreateSampler> = new Map<string, CreateSampler>([
  ['always_on', () => new AlwaysOnSampler()],
  ['always_off', () => new AlwaysOffSampler()],
  ['traceidratio', (ratio) => new TraceIdRatioBasedSampler(ratio())],
  ['parentbased_always_on', everyTrace],
  ['parentbased_always_off', () => new ParentBasedSampler({ root: new AlwaysOffSampler() })],
  ['parentbased_traceidratio', (ratio) => new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio()) })],
]);

/** Which traces are sent. @param warn told of a value that is not known, which is as none then: so the specification says */
export function createSampler({ sampler, samplerArgument }: SamplerVariables, warn: (error: Error) => void): Sampler {
  const create = SAMPLERS.get(sampler || 'parentbased_always_on');
  if (create === undefined) {
    const names = [...SAMPLERS.keys()].join(', ');
    warn(new Error(`OTEL_TRACES_SAMPLER is '${sampler}', and every trace is sent; accepted are ${names}.`));
  }
  return (create ?? everyTrace)(() => parseRatio(samplerArgument, warn));
}

function parseRatio(text: string | undefined, warn: (error: Error) => void): number {
  const ratio = Number(text || 1);
  if (ratio >= 0 && ratio <= 1) return ratio;
  warn(new Error(`OTEL_TRACES_SAMPLER_ARG is '${text}', and every trace is sent; accepted is a number from 0 to 1.`));
  return 1;
}
