import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type BuildApiWorld, openBuildApiWorld } from '../support/build-api-world.ts';
import { environmentCalls } from '../support/environments.ts';
import { buildMendixPackage } from '../support/mendix-revision.ts';
import type { Answer } from '../support/server.ts';

const DECLARED = {
  Constants: [
    { Name: 'Main.Address', Type: 'String', DefaultValue: 'https://example.com' },
    { Name: 'Main.IsOn', Type: 'Boolean', DefaultValue: 'false' },
    { Name: 'Main.Most', Type: 'Integer', DefaultValue: 12 },
    { Name: 'Main.Since', Type: 'DateTime', DefaultValue: '2013-12-20T16:02:32' },
    { Name: 'Main.Empty', Type: 'String', DefaultValue: '' },
    { Name: 'Main.Key', Type: 'String' },
  ],
  ScheduledEvents: [{ Name: 'Main.Nightly' }, { Name: 'Main.Hourly' }],
};

const constant = (Name: string, DataType: string, Value: string | null, DeployedValue: string | null = null) => ({
  Name,
  DataType,
  Value,
  DeployedValue,
});

const AS_DECLARED = {
  Constants: [
    constant('Main.Address', 'String', 'https://example.com'),
    constant('Main.IsOn', '_Boolean', 'false'),
    constant('Main.Most', 'Integer', '12'),
    constant('Main.Since', 'DateTime', '2013-12-20T16:02:32'),
    constant('Main.Empty', 'String', ''),
    constant('Main.Key', 'String', null),
  ],
  CustomSettings: [],
  ScheduledEvents: [
    { Name: 'Main.Nightly', Value: 'Disabled', DeployedValue: null },
    { Name: 'Main.Hourly', Value: 'Disabled', DeployedValue: null },
  ],
};

const NOTHING = { Constants: [], CustomSettings: [], ScheduledEvents: [] };
const STRANGE = '\u0000';

function assertRefused({ status, body }: Answer, expectedStatus: number, code: string, words = /./): void {
  assert.deepEqual([status, body.errorCode], [expectedStatus, code], JSON.stringify(body));
  assert.match(body.errorMessage, words);
}

describe('settings of environments', () => {
  const cleanups: (() => unknown)[] = [];
  let world: BuildApiWorld;
  let packageId = '';

  before(async () => {
    world = await openBuildApiWorld({ after: (work) => void cleanups.push(work) });
    packageId = (await buildMendixPackage(world, DECLARED)).PackageId;
  });
  after(async () => {
    for (const cleanup of cleanups.toReversed()) await cleanup();
  });

  /** An environment that holds the package above. */
  async function open(Mode: string) {
    const created = await world.server.call('POST', '/manage/1/apps/calc/environments', { Mode });
    assert.equal(created.status, 200, JSON.stringify(created.body));
    const environment = environmentCalls(world.call, Mode.toLowerCase());
    assert.equal((await environment.transport(packageId)).status, 200);
    return environment;
  }

  test('they are what the package declares, whatever it holds', async () => {
    const environment = await open('Declared');
    assert.deepEqual(await environment.settings(), AS_DECLARED);
    const plain = await world.build();
    await environment.transport(plain.PackageId);
    assert.deepEqual(await environment.settings(), NOTHING);
    await world.server.call('POST', '/manage/1/apps/calc/environments', { Mode: 'Void' });
    assert.deepEqual(await environmentCalls(world.call, 'Void').settings(), NOTHING);
  });

  test('what is named is set, the rest stays, and a start runs with all of it', async () => {
    const environment = await open('Setting');
    const first = await environment.set({
      Constants: [
        { Name: 'Main.IsOn', Value: true },
        { Name: 'Main.Key', Value: 'k', DataType: 'whatever', DeployedValue: 'whatever' },
      ],
      ScheduledEvents: [{ Name: 'Main.Nightly', Value: 'enabled' }],
    });
    assert.equal(first.status, 200, JSON.stringify(first.body));
    const second = await environment.set({
      constants: [{ name: 'Main.Most', value: 7 }],
      CustomSettings: [{ Name: 'SessionTimeout', Value: '600000' }],
      ScheduledEvents: [{ Name: 'Main.Hourly', Value: true }],
    });
    const set = {
      Constants: [
        constant('Main.Address', 'String', 'https://example.com'),
        constant('Main.IsOn', '_Boolean', 'true'),
        constant('Main.Most', 'Integer', '7'),
        constant('Main.Since', 'DateTime', '2013-12-20T16:02:32'),
        constant('Main.Empty', 'String', ''),
        constant('Main.Key', 'String', 'k'),
      ],
      CustomSettings: [{ Name: 'SessionTimeout', Value: '600000', DeployedValue: null }],
      ScheduledEvents: [
        { Name: 'Main.Nightly', Value: 'Enabled', DeployedValue: null },
        { Name: 'Main.Hourly', Value: 'Enabled', DeployedValue: null },
      ],
    };
    assert.deepEqual(second.body, set);
    assert.deepEqual(await environment.settings(), set);

    await environment.run();
    const deployed = (entry: { readonly Value: string | null }) => ({ ...entry, DeployedValue: entry.Value });
    const running = {
      Constants: set.Constants.map(deployed),
      CustomSettings: set.CustomSettings.map(deployed),
      ScheduledEvents: set.ScheduledEvents.map(deployed),
    };
    assert.deepEqual(await environment.settings(), running);
    await environment.set({ Constants: [{ Name: 'Main.Key', Value: 'other' }] });
    const key = (await environment.settings()).Constants.at(-1);
    assert.deepEqual([key.Value, key.DeployedValue], ['other', 'k']);
  });

  test('null takes away what was set; what runs with it is told until the next start', async () => {
    const environment = await open('Taking');
    await environment.set({
      Constants: [
        { Name: 'Main.Key', Value: 'k' },
        { Name: 'Main.Address', Value: 'https://other.example' },
      ],
      CustomSettings: [{ Name: 'SessionTimeout', Value: 600000 }],
      ScheduledEvents: [{ Name: 'Main.Nightly', Value: 'Enabled' }],
    });
    await environment.run();
    const { body } = await environment.set({
      Constants: [{ Name: 'Main.Address', Value: null }],
      CustomSettings: [
        { Name: 'SessionTimeout', Value: null },
        { Name: 'NeverSet', Value: null },
      ],
      ScheduledEvents: [{ Name: 'Main.Nightly', Value: null }],
    });
    assert.deepEqual(
      body.Constants[0],
      constant('Main.Address', 'String', 'https://example.com', 'https://other.example'),
    );
    assert.deepEqual(body.CustomSettings, [{ Name: 'SessionTimeout', Value: null, DeployedValue: '600000' }]);
    assert.deepEqual(body.ScheduledEvents[0], { Name: 'Main.Nightly', Value: 'Disabled', DeployedValue: 'Enabled' });
    await environment.stop();
    await environment.run();
    assert.deepEqual((await environment.settings()).CustomSettings, []);
  });

  test('sending back what was retrieved changes nothing, and pins no default', async () => {
    const environment = await open('Round');
    const sendBack = async () => {
      const { status, body } = await environment.set(await environment.settings());
      assert.deepEqual([status, body], [200, AS_DECLARED]);
      const audit: { Action: string; Detail: string }[] = (await world.server.call('GET', '/manage/1/audit')).body;
      return audit.filter(({ Action, Detail }) => Action === 'environment.settings' && Detail.startsWith('Round'));
    };
    // That an event does not run is no default of the package.
    assert.deepEqual(
      (await sendBack()).map(({ Detail }) => Detail),
      ['Round Main.Nightly Main.Hourly'],
    );
    assert.equal((await sendBack()).length, 1);
    const [first, ...rest] = DECLARED.Constants;
    const Constants = [{ ...first, DefaultValue: 'https://new.example' }, ...rest];
    await environment.transport((await buildMendixPackage(world, { Constants })).PackageId);
    assert.equal((await environment.settings()).Constants[0].Value, 'https://new.example');
  });

  test('what is wrong is refused with the documented code, and then nothing is set', async () => {
    const environment = await open('Refusing');
    const right = { Name: 'Main.Key', Value: 'set' };
    const refused: readonly (readonly [object, number, string, RegExp?])[] = [
      [{ Constants: [right, { Name: 'Main.None', Value: '1' }] }, 400, 'CONSTANT_NOT_FOUND', /'Main\.None'/],
      [{ Constants: [right, { Name: 'toString', Value: '1' }] }, 400, 'CONSTANT_NOT_FOUND'],
      [
        { Constants: [right], ScheduledEvents: [{ Name: 'Main.None', Value: 'Enabled' }] },
        400,
        'SCHEDULED_EVENT_NOT_FOUND',
        /'Main\.None'/,
      ],
      [
        { Constants: [right], ScheduledEvents: [{ Name: 'Main.Nightly', Value: 'perhaps' }] },
        500,
        'INVALID_SCHEDULED_EVENT_PARAMETER',
        /'Main\.Nightly' was given 'perhaps'/,
      ],
      ...['MicroflowConstants', 'dtapmode', 'DatabasePassword', 'License.LicenseKey', 'no name', '7'].map(
        (Name) =>
          [
            { Constants: [right], CustomSettings: [{ Name, Value: 'x' }] },
            400,
            'CUSTOM_SETTING_NOT_SUPPORTED',
          ] as const,
      ),
      [
        { Constants: [right, { Name: 'Main.Most', Value: 'many' }] },
        400,
        'INVALID_PARAMETERS',
        /'Main\.Most' is of type Integer and was given 'many': give a whole number/,
      ],
      [{ Constants: [right, { Name: 'Main.IsOn', Value: '' }] }, 400, 'INVALID_PARAMETERS'],
      [{ Constants: [right, { Name: 'Main.Since', Value: '2013-02-30' }] }, 400, 'INVALID_PARAMETERS'],
      [{ Constants: [right, right] }, 400, 'INVALID_PARAMETERS', /twice/],
      [{ Constants: [right, { Name: 'Main.Address' }] }, 400, 'INVALID_PARAMETERS', /has no Value/],
      [{ Constants: [right, { Name: 'Main.Address', Value: ['x'] }] }, 400, 'INVALID_PARAMETERS', /no text/],
      [{ Constants: [right, { Name: 'Main.Address', Value: STRANGE }] }, 400, 'INVALID_PARAMETERS', /NUL/],
      [{ Constants: [right, { Value: 'x' }] }, 400, 'INVALID_PARAMETERS', /no Name/],
      [{ Constants: [right, 'x'] }, 400, 'INVALID_PARAMETERS'],
      [{ Constants: right }, 400, 'INVALID_PARAMETERS', /send an array/],
      [
        { Constants: [right, { Name: 'Main.Address', Value: 'x'.repeat(300_000) }] },
        400,
        'INVALID_PARAMETERS',
        /256 KiB/,
      ],
      [{ constant: [right] }, 400, 'INVALID_PARAMETERS', /names nothing to set/],
      [[], 400, 'INVALID_PARAMETERS'],
    ];
    for (const [body, ...expected] of refused) assertRefused(await environment.set(body), ...expected);
    assertRefused(await environment.set(), 400, 'INVALID_PARAMETERS', /names nothing to set/);
    assert.deepEqual(await environment.settings(), AS_DECLARED);
  });

  test('an unknown environment, a mode that is none, and no mode are refused', async () => {
    for (const method of ['GET', 'POST'] as const) {
      const body = method === 'POST' ? { Constants: [] } : undefined;
      const ask = async (mode: string) =>
        await world.call(method, `/api/1/apps/calc/environments/${mode}/settings`, body);
      assertRefused(await ask('Nowhere'), 404, 'ENVIRONMENT_NOT_FOUND');
      assertRefused(await ask('no%2Fmode'), 400, 'INVALID_ENVIRONMENT');
      assertRefused(await ask('%20'), 400, 'INVALID_PARAMETERS');
      assertRefused(await ask(''), 400, 'INVALID_PARAMETERS');
      const path = '/api/1/apps/calc/environments/Nowhere/settings';
      assertRefused(await world.server.call(method, path, body, world.stranger), 404, 'APP_NOT_FOUND');
    }
  });

  test('a constant without value and default fails the start, which says so', async () => {
    const environment = await open('Missing');
    const { body } = await environment.start();
    assertRefused(await environment.startStatus(body.JobId), 500, 'MISSING_CONSTANT', /'Main\.Key' \(String\)/);
    assert.equal((await environment.get()).Status, 'Stopped');
    await environment.set({ Constants: [{ Name: 'Main.Key', Value: '' }] });
    await environment.run();
  });

  test('tokens read with one scope and set with the other', async () => {
    const { path } = await open('Token');
    const keys = `/manage/1/users/${world.richard.username}/keys`;
    const statusWith = async (scope: string, method: string) => {
      const token = (await world.server.call('POST', keys, { Scopes: [scope] })).body.Key;
      const body = method === 'POST' ? '{"Constants":[]}' : null;
      const headers = { Authorization: `MxToken ${token}` };
      return (await fetch(`${world.server.url}${path}/settings`, { method, headers, body })).status;
    };
    assert.equal(await statusWith('mx:deployment:read', 'GET'), 200);
    assert.equal(await statusWith('mx:deployment:read', 'POST'), 403);
    assert.equal(await statusWith('mx:deployment:write', 'POST'), 200);
  });
});
