import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Type } from 'typebox';
import { Refusal } from '../domain/refusal.ts';
import { parseOptions, presentOptions } from './parse-options.ts';

const SCHEMA = Type.Object({
  folder: Type.String({ minLength: 1 }),
  keep: Type.Optional(Type.Integer({ minimum: 1 })),
  token: Type.Optional(Type.String({ minLength: 10, writeOnly: true })),
});

const refused = (given: Readonly<Record<string, unknown>>, words: RegExp) =>
  assert.throws(
    () => parseOptions(SCHEMA, given, undefined),
    (error) => error instanceof Refusal && error.code === 'INVALID_PARAMETERS' && words.test(error.message),
  );

test('options may be said as text, as a command line says them', () => {
  assert.deepEqual(parseOptions(SCHEMA, { folder: '/srv', keep: '3' }, undefined), { folder: '/srv', keep: 3 });
});

test('what is not said again stays as it was', () => {
  const former = { folder: '/srv', token: '0123456789' };
  assert.deepEqual(parseOptions(SCHEMA, { keep: 2 }, former), { ...former, keep: 2 });
});

test('an option that is unknown, missing or wrong is named', () => {
  refused({ folder: '/srv', foldr: 'x' }, /no option 'foldr': it has folder, keep, token\.$/);
  refused({ keep: 3 }, /needs the option folder\.$/);
  refused({ folder: '/srv', keep: 'many' }, /option keep is 'many': it must be integer/);
  refused({ folder: '/srv', keep: 0 }, /option keep is '0': it /);
  refused({ folder: '' }, /option folder is '': it /);
});

test('a secret is in no message, and is not shown', () => {
  refused({ folder: '/srv', token: 'hunter2' }, /^The option token (?!.*hunter2)/);
  assert.deepEqual(presentOptions(SCHEMA, { folder: '/srv', token: '0123456789' }), { folder: '/srv' });
});
