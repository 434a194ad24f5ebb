import { setTimeout } from 'node:timers/promises';
import {
  type Context,
  defaultTextMapGetter,
  defaultTextMapSetter,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { millisToHrTime, W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { NO_SPAN } from './no-tracing.ts';
import { sayFailures } from './say-failures.ts';
import { createSampler, type SamplerVariables } from './trace-sampler.ts';
import type { Span, SpanFacts, SpanName, Tracing } from './tracing.ts';

export interface OtlpTracingOptions extends SamplerVariables {
  /** Milliseconds since 1970: the same for all processes that have a part in a build. */
  readonly clock: () => number;
  /** Told of what went wrong, now and then. */
  readonly onError: (error: Error) => void;
}

/** How long spans wait for others, to be sent together: a process that is killed has lost so much. */
const GATHER_MS = 1000;
/** A collector that is away holds up the end of a process for no longer. */
const CLOSE_MS = 3000;

/**
 * Sends spans by OTLP, as protobuf over HTTP. Where to, with which headers, as which service: that the libraries read from
 * their own variables, `OTEL_EXPORTER_OTLP_*`, `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES`. They keep 2,048 spans at
 * most; what comes on top while the collector is away is dropped.
 */
export function openOtlpTracing({ clock, onError, ...sampling }: OtlpTracingOptions): Tracing {
  const exporter = sayFailures(new OTLPTraceExporter(), onError);
  const provider = new TracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': 'slipway' }))
      .merge(detectResources({ detectors: [envDetector] })),
    sampler: createSampler(sampling, onError),
    spanProcessors: [new BatchSpanProcessor({ exporter, scheduledDelayMillis: GATHER_MS })],
  });
  const tracer = provider.getTracer('slipway');
  const propagator = new W3CTraceContextPropagator();
  const contextOf = (traceparent: string | null | undefined): Context =>
    propagator.extract(ROOT_CONTEXT, { traceparent: traceparent ?? undefined }, defaultTextMapGetter);
  const open = (name: SpanName, above: Context, from?: number): Span => {
    const now = startCounting(clock());
    return openSpan({ tracer, propagator, now }, name, above, from ?? now());
  };
  return {
    begin: (name, caller) => open(name, contextOf(caller)),
    resume(name, traceParent, from) {
      const above = contextOf(traceParent);
      return trace.getSpanContext(above) === undefined ? NO_SPAN : open(name, above, from);
    },
    async close() {
      // It fails where the last spans could not be sent: that was said.
      await Promise.race([provider.shutdown().catch(() => undefined), setTimeout(CLOSE_MS, undefined, { ref: false })]);
    },
  };
}

interface Making {
  readonly tracer: Tracer;
  readonly propagator: W3CTraceContextPropagator;
  /** Goes on from one reading of the clock, so that no span is outside of the one that it is below. */
  readonly now: () => number;
}

/** @param above the context of the span that it is below @param from in milliseconds since 1970 */
function openSpan(making: Making, name: SpanName, above: Context, from: number): Span {
  const { tracer, propagator, now } = making;
  const span = tracer.startSpan(name, { kind: KINDS[name], startTime: millisToHrTime(from) }, above);
  const here = trace.setSpan(above, span);
  return {
    get traceParent() {
      const carrier: { traceparent?: string } = {};
      propagator.inject(here, carrier, defaultTextMapSetter);
      return carrier.traceparent ?? null;
    },
    begin: (child) => openSpan(making, child, here, now()),
    describe(facts) {
      for (const [fact, value] of Object.entries(facts)) span.setAttribute(ATTRIBUTES[fact as keyof SpanFacts], value);
    },
    end({ failure, at = now() } = {}) {
      if (failure !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: failure });
      span.end(millisToHrTime(Math.max(from, at)));
    },
  };
}

function startCounting(clockMs: number): () => number {
  const begun = performance.now();
  return () => clockMs + performance.now() - begun;
}

const KINDS: Readonly<Record<SpanName, SpanKind>> = {
  accept: SpanKind.SERVER,
  push: SpanKind.INTERNAL,
  queue: SpanKind.INTERNAL,
  attempt: SpanKind.CONSUMER,
  source: SpanKind.INTERNAL,
  package: SpanKind.INTERNAL,
  store: SpanKind.INTERNAL,
  tag: SpanKind.INTERNAL,
  deploy: SpanKind.INTERNAL,
};

const ATTRIBUTES: Readonly<Record<keyof SpanFacts, string>> = {
  appId: 'slipway.app.id',
  packageId: 'slipway.package.id',
  version: 'slipway.package.version',
  revision: 'slipway.revision',
  branch: 'slipway.branch',
  attempt: 'slipway.attempt',
  worker: 'slipway.worker',
  outcome: 'slipway.outcome',
};
