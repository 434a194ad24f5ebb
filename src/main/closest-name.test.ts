import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closestName } from './closest-name.ts';

const NAMES = ['host', 'port', 'buildSlots', 'buildsPerApp', 'cacheSize'];

test('a name with a slip, or in another spelling, is recognised', () => {
  const given = ['prot', 'build-slots', 'BUILD_SLOTS', 'builds_per_apps', 'cachesize'];
  const meant = ['port', 'buildSlots', 'buildSlots', 'buildsPerApp', 'cacheSize'];
  assert.deepEqual(
    given.map((name) => closestName(name, NAMES)),
    meant,
  );
});

test('what resembles nothing gets no suggestion', () => {
  assert.equal(closestName('colour', NAMES), undefined);
  assert.equal(closestName('x'.repeat(100_000), NAMES), undefined);
});
