import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refusal } from '../refusal.ts';
import { findRule, parseRuleBranch } from './push-rule.ts';

test('a rule is kept in one spelling, however its branch was written', () => {
  for (const word of ['main', ' Main line', 'trunk', 'TRUNK']) assert.equal(parseRuleBranch(word), 'main');
  for (const spelling of ['release-*', 'branches/release-*', 'branches%2Frelease-*']) {
    assert.equal(parseRuleBranch(spelling), 'branches/release-*');
  }
  assert.equal(parseRuleBranch('branches/main'), 'branches/main');
  for (const wrong of ['', '  ', 'a\nb', 'x'.repeat(201)]) assert.throws(() => parseRuleBranch(wrong), Refusal);
});

function takenBy(ruleBranch: string, branch: string, isMainLine = false): boolean {
  return findRule([{ branch: parseRuleBranch(ruleBranch) }], { branch, isMainLine }) !== undefined;
}

test('a star stands for any characters, slashes too, and for none', () => {
  const taken = [
    ['release-*', 'release-1'],
    ['release-*', 'release-'],
    ['*', 'anything/at/all'],
    ['feature/*/fast', 'feature/a/b/fast'],
    ['*a*b*', 'xxaxxbxx'],
    ['a.c', 'a.c'],
  ] as const;
  for (const [rule, branch] of taken) assert.ok(takenBy(rule, branch), `${rule} takes ${branch}`);
  const left = [
    ['release-*', 'prerelease-1'],
    ['a.c', 'abc'],
    ['ab*ba', 'aba'],
    ['*a*b*', 'ba'],
    ['release', 'release-1'],
  ] as const;
  for (const [rule, branch] of left) assert.ok(!takenBy(rule, branch), `${rule} leaves ${branch}`);
});

test('main is the main line, whatever that is called, and a branch of this name', () => {
  assert.ok(takenBy('main', 'master', true));
  assert.ok(takenBy('trunk', 'main'));
  assert.ok(!takenBy('main', 'master'));
  assert.ok(!takenBy('branches/main', 'master', true));
  assert.ok(takenBy('*', 'master', true));
});

test('a pattern of many stars takes no longer than its length', () => {
  const pattern = '*a'.repeat(99);
  const before = performance.now();
  assert.ok(!takenBy(pattern, `${'a'.repeat(999)}b`));
  assert.ok(performance.now() - before < 100);
});

test('the first rule that takes a branch is the one', () => {
  const rules = ['release-2', 'release-*', 'main', '*'].map((text) => ({ branch: parseRuleBranch(text) }));
  const ruleOf = (branch: string, isMainLine = false) => findRule(rules, { branch, isMainLine })?.branch;
  assert.equal(ruleOf('release-2'), 'branches/release-2');
  assert.equal(ruleOf('release-3'), 'branches/release-*');
  assert.equal(ruleOf('master', true), 'main');
  assert.equal(ruleOf('topic'), 'branches/*');
});
