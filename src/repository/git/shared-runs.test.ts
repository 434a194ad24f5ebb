import assert from 'node:assert/strict';
import { it } from 'node:test';
import { SharedRuns } from './shared-runs.ts';

const never = new AbortController().signal;

/** Work that ends when it is told to. */
function controlledRuns() {
  const begun: PromiseWithResolvers<number>[] = [];
  const signals: AbortSignal[] = [];
  const runs = new SharedRuns<number>((signal) => {
    const one = Promise.withResolvers<number>();
    begun.push(one);
    signals.push(signal);
    signal.addEventListener('abort', () => one.reject(signal.reason));
    return one.promise;
  });
  return { runs, begun, signals };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

it('gives everybody who asks during a run the same next one', async () => {
  const { runs, begun } = controlledRuns();
  const first = runs.run(never);
  await turn();
  const later = [runs.run(never), runs.run(never), runs.run(never)];
  begun[0]?.resolve(1);
  assert.equal(await first, 1);
  await turn();
  begun[1]?.resolve(2);
  assert.deepEqual(await Promise.all(later), [2, 2, 2]);
  assert.equal(begun.length, 2);
});

it('aborts a run that nobody waits for any more, and no other', async () => {
  const { runs, begun, signals } = controlledRuns();
  const [one, other] = [new AbortController(), new AbortController()];
  const waiting = [runs.run(one.signal), runs.run(other.signal)];
  await turn();
  one.abort(new Error('one'));
  await assert.rejects(waiting[0] ?? Promise.resolve(), /one/);
  assert.equal(signals[0]?.aborted, false);
  other.abort(new Error('other'));
  await assert.rejects(waiting[1] ?? Promise.resolve(), /other/);
  assert.equal(signals[0]?.aborted, true);
  const next = runs.run(never);
  await turn();
  begun[1]?.resolve(3);
  assert.equal(await next, 3);
});

it('passes an error to everybody who waits, and goes on', async () => {
  const { runs, begun } = controlledRuns();
  const both = [runs.run(never), runs.run(never)];
  await turn();
  begun[0]?.reject(new Error('no'));
  for (const one of both) await assert.rejects(one, /no/);
  const next = runs.run(never);
  await turn();
  begun[1]?.resolve(4);
  assert.equal(await next, 4);
});
