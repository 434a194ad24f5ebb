import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RIGHT_WORDS, type Right } from '../protocol/permissions.ts';
import {
  applyChange,
  formatRights,
  hasEverywhere,
  hasSomewhere,
  listRights,
  NO_PERMISSIONS,
  type Permissions,
  readRights,
  rightsOn,
} from './permissions.ts';

const TEST = { id: 'test', isProduction: false };
const LIVE = { id: 'live', isProduction: true };
const NOBODY = { isAdmin: false, isTechnicalContact: false, permissions: NO_PERMISSIONS };

const setOf = (text: string) => readRights(text);

function given(appWide: string, own: Readonly<Record<string, string>> = {}): Permissions {
  return { appWide: setOf(appWide), own: new Map(Object.entries(own).map(([id, text]) => [id, setOf(text)])) };
}

const on = (permissions: Permissions, environment: typeof TEST) =>
  formatRights(rightsOn({ ...NOBODY, permissions }, environment));

test('rights on an app hold on each of its environments, but API Rights not on Production', () => {
  assert.equal(on(given('api transport'), TEST), 'transport api');
  assert.equal(on(given('api transport'), LIVE), 'transport');
  assert.equal(on(NO_PERMISSIONS, TEST), '');
});

test('rights on an environment replace those on the app, also with none, and reach Production', () => {
  assert.equal(on(given('api transport', { test: 'alerts' }), TEST), 'alerts');
  assert.equal(on(given('api transport', { test: '' }), TEST), '');
  assert.equal(on(given('api transport', { test: '' }), LIVE), 'transport');
  assert.equal(on(given('', { live: 'api' }), LIVE), 'api');
});

test('an admin has every right, and a Technical Contact manages permissions and no more', () => {
  assert.deepEqual(listRights(rightsOn({ ...NOBODY, isAdmin: true }, LIVE)), RIGHT_WORDS);
  const contact = { ...NOBODY, isTechnicalContact: true };
  for (const environment of [TEST, LIVE]) assert.equal(formatRights(rightsOn(contact, environment)), 'permissions');
  const removed = { ...contact, permissions: given('permissions', { test: '' }) };
  assert.equal(formatRights(rightsOn(removed, TEST)), 'permissions');
  for (const has of [hasSomewhere, hasEverywhere]) {
    assert.ok(has({ ...NOBODY, isAdmin: true }, 'backups'));
    assert.ok(has(contact, 'permissions'));
    assert.ok(!has(contact, 'api'));
  }
});

test('a right somewhere is one on the app or on an environment; everywhere is one that nothing takes away', () => {
  const cases: [Permissions, somewhere: boolean, everywhere: boolean][] = [
    [given(''), false, false],
    [given('api'), true, true],
    [given('', { test: 'api' }), true, false],
    [given('api', { test: '' }), true, false],
    [given('api', { test: 'api', live: 'api' }), true, true],
  ];
  for (const [permissions, somewhere, everywhere] of cases) {
    const holder = { ...NOBODY, permissions };
    assert.deepEqual([hasSomewhere(holder, 'api'), hasEverywhere(holder, 'api')], [somewhere, everywhere]);
    assert.ok(!hasSomewhere(holder, 'backups'));
  }
});

const grant = (text: string) => ({ kind: 'grant', rights: setOf(text) }) as const;
const revoke = (text: string) => ({ kind: 'revoke', rights: setOf(text) }) as const;
const set = (text: string) => ({ kind: 'set', rights: setOf(text) }) as const;
const REMOVE = { kind: 'remove' } as const;

test('granting on an environment adds to what holds there, and so begins rights of its own', () => {
  assert.deepEqual(
    applyChange(given('alerts api'), grant('transport'), LIVE),
    given('alerts api', { live: 'alerts transport' }),
  );
  assert.deepEqual(applyChange(given('alerts api'), grant('api'), LIVE), given('alerts api', { live: 'alerts api' }));
  assert.deepEqual(
    applyChange(given('', { test: 'api' }), grant('transport'), TEST),
    given('', { test: 'transport api' }),
  );
});

test('revoking on an environment leaves the rest there, and everything elsewhere', () => {
  assert.deepEqual(
    applyChange(given('transport api'), revoke('api'), TEST),
    given('transport api', { test: 'transport' }),
  );
  assert.deepEqual(applyChange(given('api'), revoke('api'), TEST), given('api', { test: '' }));
});

test('what is granted on an app leaves its environments alone, and what is revoked is gone from all of them', () => {
  const before = given('alerts', { test: 'transport api', live: '' });
  assert.deepEqual(
    applyChange(before, grant('api'), undefined),
    given('alerts api', { test: 'transport api', live: '' }),
  );
  assert.deepEqual(applyChange(before, revoke('api alerts'), undefined), given('', { test: 'transport', live: '' }));
});

test('rights are set in place of all that was there, and removed with or without going back to the app', () => {
  const before = given('alerts', { test: 'transport api' });
  assert.deepEqual(applyChange(before, set('backups'), undefined), given('backups', { test: 'transport api' }));
  assert.deepEqual(applyChange(before, set(''), TEST), given('alerts', { test: '' }));
  assert.deepEqual(applyChange(before, REMOVE, TEST), given('alerts'));
  assert.deepEqual(applyChange(before, REMOVE, undefined), NO_PERMISSIONS);
});

test('rights are stored in one order, each once, and read again', () => {
  const rights: Right[] = ['api', 'permissions', 'api'];
  assert.equal(formatRights(new Set(rights)), 'permissions api');
  assert.deepEqual([...readRights('permissions api')], ['permissions', 'api']);
  assert.deepEqual([...readRights('')], []);
});
