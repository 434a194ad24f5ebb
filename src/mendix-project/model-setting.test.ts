import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeBson, makeProjectSettings } from '../../test/support/make-bson.ts';
import { findModelSetting } from './model-setting.ts';

test('a setting of the model is found in the settings of a project, and nowhere else', () => {
  assert.equal(findModelSetting(makeProjectSettings('Java17'), 'JavaVersion'), 'Java17');
  assert.equal(findModelSetting(makeProjectSettings(undefined), 'JavaVersion'), undefined);
  assert.equal(
    findModelSetting(makeProjectSettings('Java17'), 'AllowUserMultipleSessions'),
    undefined,
    'it is no text',
  );
  const other = makeBson({ $Type: 'Security$ProjectSecurity', Settings: [] });
  assert.equal(findModelSetting(other, 'JavaVersion'), undefined);
  assert.equal(findModelSetting(makeBson({ $Type: 'Settings$ProjectSettings' }), 'JavaVersion'), undefined);
});

test('what is no BSON has no setting, wherever it is cut or changed', () => {
  const whole = makeProjectSettings('Java17');
  for (let length = 0; length < whole.length; length += 1) {
    assert.equal(findModelSetting(whole.subarray(0, length), 'JavaVersion'), undefined);
  }
  for (let at = 0; at < whole.length; at += 1) {
    for (const byte of [0, 127, 255]) findModelSetting(whole.with(at, byte), 'JavaVersion');
  }
});
