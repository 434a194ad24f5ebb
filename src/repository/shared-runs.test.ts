import assert from 'node:assert/strict';
import { it } from 'node:test';
import { SharedRuns } from './shared-runs.ts';

const never = new AbortController().signal;

/** Work that ends when a test says so. */
function controlledRuns() {
  const begun: PromiseWithResolvers<number>[] = [];
  const runs = new SharedRuns<number>(() => {
    const one = Promise.withResolvers<number>();
    begun.push(one);
    return one.promise;
  });
  return { runs, begun };
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

it('lets a run go on that nobody waits for any more, and drops one that has not begun', async () => {
  const { runs, begun } = controlledRuns();
  const [one, other] = [new AbortController(), new AbortController()];
  const begunRun = runs.run(one.signal);
  await turn();
  const waitingRun = runs.run(other.signal);
  one.abort(new Error('one'));
  other.abort(new Error('other'));
  await assert.rejects(begunRun, /one/);
  await assert.rejects(waitingRun, /other/);
  const next = runs.run(never);
  await turn();
  assert.equal(begun.length, 1, 'the next run waits for the one that goes on');
  begun[0]?.resolve(1);
  await turn();
  begun[1]?.resolve(2);
  assert.equal(await next, 2);
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
