import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTraceCollector } from '../../test/support/trace-collector.ts';
import { until } from '../../test/support/until.ts';
import { NO_TRACING } from './no-tracing.ts';
import { openOtlpTracing } from './otlp-tracing.ts';

const PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

async function setUp(t: { after(work: () => unknown): void }, sampler?: string) {
  const collector = await startTraceCollector(t);
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = collector.url;
  const time = { now: 1_000_000 };
  const errors: string[] = [];
  const tracing = openOtlpTracing({
    clock: () => time.now,
    sampler,
    samplerArgument: undefined,
    onError: ({ message }) => errors.push(message),
  });
  t.after(() => tracing.close());
  return { collector, time, tracing, errors };
}

test('a span is as long as was said, and never shorter than nothing', async (t) => {
  const { collector, time, tracing } = await setUp(t);
  tracing.resume('queue', PARENT, 5000).end({ at: 7500 });
  tracing.resume('queue', PARENT, 5000).end({ at: 4000 });
  // Since before this process began, by a clock that is set back meanwhile.
  const attempt = tracing.resume('attempt', PARENT, 999_000);
  time.now = 0;
  const phase = attempt.begin('source');
  phase.end();
  attempt.end();
  await tracing.close();
  const [waited, backwards, source, whole] = collector.spans.map(({ from, to }) => [from, Math.floor(to)]);
  assert.deepEqual(
    [waited, backwards],
    [
      [5000, 7500],
      [5000, 5000],
    ],
  );
  assert.equal(whole?.[0], 999_000);
  assert.ok((whole?.[1] ?? 0) >= 1_000_000 && (source?.[0] ?? 0) >= 1_000_000);
});

test('whoever goes on with a span is below it; what was not traced is not gone on with', async (t) => {
  const { collector, tracing } = await setUp(t);
  const first = tracing.begin('accept', undefined);
  tracing.resume('attempt', first.traceParent).end();
  first.end();
  tracing.resume('attempt', null).end();
  tracing.resume('attempt', 'nonsense').end();
  tracing.begin('accept', PARENT);
  await tracing.close();
  const [attempt, accept, ...others] = collector.spans;
  assert.deepEqual(others, []);
  assert.deepEqual([attempt?.traceId, attempt?.parentSpanId], [accept?.traceId, accept?.spanId]);
  assert.equal(first.traceParent, `00-${accept?.traceId}-${accept?.spanId}-01`);
});

test('a trace that is not sampled is named all the same, so that nobody else begins to send it', async (t) => {
  const { collector, tracing } = await setUp(t, 'always_off');
  const span = tracing.begin('accept', PARENT);
  assert.match(span.traceParent ?? '', /^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-00$/);
  span.describe({ attempt: 1 });
  span.end({ failure: 'internal' });
  await tracing.close();
  assert.deepEqual(collector.requests, []);
});

test('what does not fit while the collector is silent is dropped', async (t) => {
  const { collector, tracing } = await setUp(t);
  collector.usually('silence');
  const endMany = () => {
    for (let count = 0; count < 10_000; count += 1) tracing.resume('attempt', PARENT).end();
  };
  endMany();
  await until('the first are being sent', () => collector.requests.length > 0);
  endMany();
  collector.usually(200);
  collector.cut();
  await tracing.close();
  await until('all that is left has come', () => collector.spans.length >= 2048);
  assert.ok(collector.spans.length <= 2048 + 2 * 512, String(collector.spans.length));
});

test('where nothing is traced there is nothing', async () => {
  const span = NO_TRACING.begin('accept', PARENT);
  assert.equal(span.traceParent, null);
  assert.equal(NO_TRACING.resume('attempt', PARENT).begin('source'), span);
});
