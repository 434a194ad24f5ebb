import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import { SamplingDecision } from '@opentelemetry/sdk-trace';
import { createSampler } from './trace-sampler.ts';

/** An id that a ratio takes late, as it is high. */
const TRACE_ID = 'fffffff0fffffff0fffffff0fffffff0';

/** Whether a trace is sent that begins here, one of a caller who sends it, and one of a caller who does not. */
function decisionsOf(sampler: string | undefined, samplerArgument?: string) {
  const warnings: string[] = [];
  const created = createSampler({ sampler, samplerArgument }, ({ message }) => warnings.push(message));
  const caller = (traceFlags: number) => ({
    traceId: TRACE_ID,
    spanId: 'b7ad6b7169203331',
    isRemote: true,
    traceFlags,
  });
  const contexts = [ROOT_CONTEXT, ...[1, 0].map((flags) => trace.setSpanContext(ROOT_CONTEXT, caller(flags)))];
  const decisions = contexts.map(
    (context) =>
      created.shouldSample(context, TRACE_ID, 'accept', SpanKind.SERVER, {}, []).decision ===
      SamplingDecision.RECORD_AND_SAMPLED,
  );
  return { decisions, warnings };
}

for (const [sampler, argument, decisions] of [
  [undefined, undefined, [true, true, false]],
  ['', '', [true, true, false]],
  ['parentbased_always_on', undefined, [true, true, false]],
  ['parentbased_always_off', undefined, [false, true, false]],
  ['parentbased_traceidratio', '0', [false, true, false]],
  ['parentbased_traceidratio', '1', [true, true, false]],
  ['traceidratio', '0.0', [false, false, false]],
  ['traceidratio', undefined, [true, true, true]],
  ['always_on', undefined, [true, true, true]],
  ['always_off', undefined, [false, false, false]],
] as const) {
  test(`the sampler '${sampler}' of '${argument}' sends what the specification says`, () => {
    assert.deepEqual(decisionsOf(sampler, argument), { decisions, warnings: [] });
  });
}

test('a sampler or a ratio that is not known is as none, and said', () => {
  const unknown = decisionsOf('jaeger_remote');
  assert.deepEqual(unknown.decisions, [true, true, false]);
  assert.match(unknown.warnings.join(), /^OTEL_TRACES_SAMPLER is 'jaeger_remote', .*parentbased_traceidratio\.$/);
  for (const ratio of ['2', '-1', 'half']) {
    const { decisions, warnings } = decisionsOf('parentbased_traceidratio', ratio);
    assert.deepEqual(decisions, [true, true, false]);
    assert.equal(warnings.length, 1);
    assert.ok(warnings[0]?.startsWith(`OTEL_TRACES_SAMPLER_ARG is '${ratio}', `));
  }
});
