import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refusal } from '../domain/refusal.ts';
import { parseWait } from './wait-preference.ts';

test('the parameter, cut at 300 seconds', () => {
  for (const [wait, ms] of [
    ['30', 30_000],
    ['0', 0],
    ['0.5', 500],
    ['100000', 300_000],
    [' 7 ', 7000],
    ['', 0],
  ] as const) {
    assert.deepEqual(parseWait({ wait }, undefined), { ms, preferred: false }, wait);
  }
});

test('the preference, where there is no parameter', () => {
  assert.deepEqual(parseWait({}, 'wait=10'), { ms: 10_000, preferred: true });
  assert.deepEqual(parseWait({}, 'respond-async, Wait = "20"; x=1'), { ms: 20_000, preferred: true });
  assert.deepEqual(parseWait({}, 'wait=1000'), { ms: 300_000, preferred: true });
  assert.deepEqual(parseWait({ wait: '1' }, 'wait=10'), { ms: 1000, preferred: false });
});

test('a preference that is not understood is ignored, a parameter is refused', () => {
  for (const prefer of ['wait', 'wait=x', 'await=5', 'return=minimal'])
    assert.equal(parseWait({}, prefer).ms, 0, prefer);
  for (const wait of ['x', '-1', '1e9', '0x10']) assert.throws(() => parseWait({ wait }, undefined), Refusal, wait);
});
