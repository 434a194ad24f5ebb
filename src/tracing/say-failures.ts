import { ExportResultCode } from '@opentelemetry/core';
import type { SpanExporter } from '@opentelemetry/sdk-trace';

const PAUSE_MS = 10 * 60_000;

/** Passes spans on, and says that they could not be sent: the first time at once, then every ten minutes at most. */
export function sayFailures(exporter: SpanExporter, say: (error: Error) => void): SpanExporter {
  let lost = 0;
  let silentUntil = 0;
  const count = (spans: number, cause: Error | undefined) => {
    lost += spans;
    if (performance.now() < silentUntil) return;
    silentUntil = performance.now() + PAUSE_MS;
    say(new Error(`${lost} spans are lost: ${cause?.message ?? 'the reason is not known'}`));
    lost = 0;
  };
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        if (result.code !== ExportResultCode.SUCCESS) count(spans.length, result.error);
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
  };
}
