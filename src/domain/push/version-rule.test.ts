import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refusal } from '../refusal.ts';
import { lineOf, nextVersion, parseVersionRule } from './version-rule.ts';

test('the next version goes on from the newest one of the branch', () => {
  const cases = [
    ['next-patch', '2.5.4.1f3a9c2e', '2.5.5'],
    ['next-minor', '2.5.4.63', '2.6.0'],
    ['next-major', '2.5.4.63', '3.0.0'],
    ['2.5.*', '2.5.9.1f3a9c2e', '2.5.10'],
    ['2.5.4', '9.9.9.9', '2.5.4'],
    ['next-patch', undefined, '1.0.0'],
    ['next-major', undefined, '1.0.0'],
    ['2.5.*', undefined, '2.5.0'],
    ['2.5.4', undefined, '2.5.4'],
  ] as const;
  for (const [rule, newest, next] of cases) assert.equal(nextVersion(parseVersionRule(rule), newest).text, next, rule);
});

test('a line goes on from what begins with it, and nothing else does', () => {
  assert.equal(lineOf('2.5.*'), '2.5.');
  assert.equal(lineOf('next-patch'), '');
  assert.equal(lineOf('2.5.4'), '');
});

test('a version that has grown too long is refused, and so is a rule that is none', () => {
  assert.throws(
    () => nextVersion('next-patch', '1.0.999999999999999.63'),
    /after 1\.0\.999999999999999\.63 has a part/,
  );
  assert.equal(nextVersion('next-patch', '1.0.999999999999998.63').text, '1.0.999999999999999');
  assert.equal(nextVersion('next-minor', '1.0.999999999999999.63').text, '1.1.0');
  for (const wrong of ['', 'next', '2.*', '*', '2.5.*.1', '2.5', 'a.b.c', '2.5.4.63']) {
    assert.throws(() => parseVersionRule(wrong), Refusal, wrong);
  }
});
