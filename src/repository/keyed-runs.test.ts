import assert from 'node:assert/strict';
import { it } from 'node:test';
import { KeyedRuns } from './keyed-runs.ts';

const never = new AbortController().signal;
const turn = () => new Promise((resolve) => setImmediate(resolve));

it('shares the runs of one key, and lets others go on beside them', async () => {
  const runs = new KeyedRuns();
  const begun: string[] = [];
  const held = Promise.withResolvers<void>();
  const work = (name: string) => async () => {
    begun.push(name);
    if (name === 'slow') await held.promise;
    return name;
  };
  const slow = [runs.run('slow', work('slow'), never), runs.run('slow', work('slow'), never)];
  assert.equal(await runs.run('other', work('other'), never), 'other');
  assert.deepEqual(begun, ['slow', 'other']);
  held.resolve();
  assert.deepEqual(await Promise.all(slow), ['slow', 'slow']);
  assert.equal(await runs.run('slow', work('slow'), never), 'slow');
  assert.deepEqual(begun, ['slow', 'other', 'slow']);
});

it('does not begin a key anew while it works for callers that have gone', async () => {
  const runs = new KeyedRuns();
  let atOnce = 0;
  const held = Promise.withResolvers<void>();
  const work = async () => {
    assert.equal(++atOnce, 1);
    await held.promise;
    atOnce--;
  };
  const gone = new AbortController();
  const first = runs.run('key', work, gone.signal);
  await turn();
  gone.abort(new Error('gone'));
  await assert.rejects(first, /gone/);
  const second = runs.run('key', work, never);
  await turn();
  held.resolve();
  await second;
});
