import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeBson, makeProjectSettings } from '../../test/support/make-bson.ts';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { findModelSetting } from './model-setting.ts';
import { listProjectDocuments } from './project-documents.ts';

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

/** Not part of this repository; beside it on some machines. */
const REAL = fileURLToPath(
  new URL('../../../shared/fixtures/real-mendix-projects/database-connector-6.6.0-rc3.mpr', import.meta.url),
);

test('in a real project it is found where it stands', { skip: !existsSync(REAL) }, async (t) => {
  const file = join(await temporaryFolder(t), 'App.mpr');
  await copyFile(REAL, file);
  const documents = await listProjectDocuments(file);
  const found = documents.map((one) => 'contents' in one && findModelSetting(one.contents, 'HashAlgorithm'));
  assert.deepEqual(
    found.filter((setting) => setting !== undefined),
    ['BCrypt'],
  );
});
