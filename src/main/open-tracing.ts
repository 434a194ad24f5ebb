import { NO_TRACING } from '../tracing/no-tracing.ts';
import type { Tracing } from '../tracing/tracing.ts';
import type { Configuration } from './configuration.ts';
import type { ReportError } from './core.ts';

/**
 * What builds are traced with, as it was configured.
 *
 * @param clock milliseconds since 1970, the same for all who share the database
 */
export async function openTracing(
  { traces }: Configuration,
  clock: () => number,
  report: ReportError,
): Promise<Tracing> {
  if (traces === 'off') return NO_TRACING;
  // Loaded only now: most servers have no need of it.
  const { openOtlpTracing } = await import('../tracing/otlp-tracing.ts');
  return openOtlpTracing({
    clock,
    sampler: process.env.OTEL_TRACES_SAMPLER,
    samplerArgument: process.env.OTEL_TRACES_SAMPLER_ARG,
    onError: (error) => report(error, 'traces are not all sent'),
  });
}
