import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findTrouble, isDown, isUp } from './app-state.ts';

const app = (status: Readonly<Record<string, unknown>> | undefined, generation = 4) => ({
  metadata: { resourceVersion: '1', generation },
  spec: { sourceURL: 'https://slipway.example/p?s=1' },
  ...(status !== undefined && { status }),
});

const READY = { appState: 'Started', buildStatus: 'Ready', mendixAppState: 'Ready', runtimeStatus: 'Ready' };

test('an app is up once it is Started and every documented status that is there is Ready', () => {
  assert.ok(isUp(app(READY)));
  assert.ok(isUp(app({ ...READY, serviceAccountStatus: 'attached', appURL: 'https://calc.example.com' })));
  for (const field of ['buildStatus', 'databaseStatus', 'mendixAppState', 'networkStatus', 'runtimeStatus']) {
    assert.ok(!isUp(app({ ...READY, [field]: 'Pending' })), field);
  }
  assert.ok(!isUp(app({ ...READY, appState: 'Stopped' })));
  assert.ok(!isUp(app(undefined)));
});

test('an app is down once it is Stopped, or before anything was said of it', () => {
  assert.ok(isDown(app({ ...READY, appState: 'Stopped' })));
  assert.ok(isDown(app(undefined)));
  for (const appState of ['Started', 'Stopping', '']) assert.ok(!isDown(app({ appState })), appState);
});

test('a status that says which generation it is of counts for no later one', () => {
  for (const [observedGeneration, counts] of [
    [3, false],
    [4, true],
    [5, true],
  ] as const) {
    assert.equal(isUp(app({ ...READY, observedGeneration })), counts);
    assert.equal(isDown(app({ appState: 'Stopped', observedGeneration })), counts);
    assert.equal(findTrouble(app({ buildStatus: 'Failed', observedGeneration })) !== undefined, counts);
  }
});

test('what sounds like a failure is told in its words, without the signature of a link', () => {
  assert.equal(findTrouble(app({ ...READY, observedGeneration: 4, error: 5 })), undefined);
  assert.equal(findTrouble(app({ ...READY, appURL: 'errors.example.com' })), undefined);
  const text = 'Error: cannot fetch https://slipway.example/p?s=1';
  assert.equal(
    findTrouble(app({ ...READY, buildStatus: text, runtimeStatus: 'failed' })),
    'buildStatus "Error: cannot fetch https://slipway.example/p", runtimeStatus "failed"',
  );
  assert.equal(findTrouble(app({ buildStatus: `error ${'x'.repeat(900)}` }))?.length, 500);
});
