import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseMendixMetadata } from './mendix-metadata.ts';

test('what a package says of itself is understood', () => {
  const text = JSON.stringify({
    RuntimeVersion: '10.6.3.1234',
    ModelVersion: '1.2.3.4',
    JavaVersion: 17,
    Constants: [
      { Name: 'Main.Address', Type: 'String', DefaultValue: 'https://example.com' },
      { Name: 'Main.Most', Type: 'Integer', DefaultValue: 12 },
      { Name: 'Main.Bare' },
    ],
    ScheduledEvents: [{ Name: 'Main.Nightly', Interval: 1 }],
    Configuration: {},
  });
  assert.deepEqual(parseMendixMetadata(`\ufeff${text}`), {
    runtimeVersion: '10.6.3.1234',
    modelVersion: '1.2.3.4',
    javaVersion: 17,
    constants: [
      { name: 'Main.Address', type: 'String', defaultValue: 'https://example.com' },
      { name: 'Main.Most', type: 'Integer', defaultValue: '12' },
      { name: 'Main.Bare', type: undefined, defaultValue: undefined },
    ],
    scheduledEvents: [{ name: 'Main.Nightly' }],
  });
});

const NOTHING = {
  runtimeVersion: undefined,
  modelVersion: undefined,
  javaVersion: undefined,
  constants: undefined,
  scheduledEvents: undefined,
};

test('what has another shape says nothing', () => {
  for (const text of ['', 'no json', 'null', '7', '"text"', '[]', '{}', '{"Constants":{},"ScheduledEvents":"none"}'])
    assert.deepEqual(parseMendixMetadata(text), NOTHING, text);
  const odd = { RuntimeVersion: 10, ModelVersion: null, JavaVersion: 'seventeen', constructor: 1 };
  assert.deepEqual(parseMendixMetadata(JSON.stringify(odd)), NOTHING);
  const lists = { Constants: [null, 1, {}, { Name: 7 }], ScheduledEvents: ['x', { Name: '' }] };
  assert.deepEqual(parseMendixMetadata(JSON.stringify(lists)), { ...NOTHING, constants: [], scheduledEvents: [] });
});
