import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refusal } from '../../domain/refusal.ts';
import { parseDirectoryOptions } from './directory-options.ts';

const ALLOWED = ['/srv/apps', '/opt/apps/'];
const refusing = (words: RegExp) => (error: unknown) =>
  error instanceof Refusal && error.code === 'INVALID_PARAMETERS' && words.test(error.message);

test('a folder, commands and how much is kept are read; what is left out is filled in', () => {
  assert.deepEqual(parseDirectoryOptions({ folder: '/opt/apps/./calc/' }, undefined, ALLOWED), {
    folder: '/opt/apps/calc',
    keep: 5,
  });
  const all = { folder: '/srv/apps/calc', start: './start', stop: './stop', clean: './clean', keep: '3' };
  assert.deepEqual(parseDirectoryOptions(all, undefined, ALLOWED), { ...all, keep: 3 });
});

test('an option changes alone, an empty command is none, and the folder stays', () => {
  const former = { folder: '/srv/apps/calc', keep: 5, start: './start', stop: './stop' };
  assert.deepEqual(parseDirectoryOptions({ start: '', keep: 2 }, former, ALLOWED), {
    folder: '/srv/apps/calc',
    keep: 2,
    stop: './stop',
  });
  const moved = () => parseDirectoryOptions({ folder: '/srv/apps/other' }, former, ALLOWED);
  assert.throws(moved, refusing(/stays '\/srv\/apps\/calc'.*create it anew/));
});

test('a command has no NUL character', () => {
  const given = { folder: '/srv/apps/calc', stop: './stop\0' };
  assert.throws(() => parseDirectoryOptions(given, undefined, ALLOWED), refusing(/option stop/));
});

test('a folder has to lie below one that the operator allowed', () => {
  for (const folder of ['/srv/apps', '/srv/apps/../calc', '/srv/apps2/calc', '/', '/srv/apps/calc\0']) {
    assert.throws(
      () => parseDirectoryOptions({ folder }, undefined, ALLOWED),
      refusing(/The option folder is/),
      folder,
    );
  }
  assert.throws(() => parseDirectoryOptions({ folder: 'calc' }, undefined, ALLOWED), refusing(/an absolute path/));
  assert.throws(
    () => parseDirectoryOptions({ folder: '/srv/calc' }, undefined, []),
    refusing(/SLIPWAY_DEPLOY_FOLDERS/),
  );
});
