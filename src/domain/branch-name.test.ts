import assert from 'node:assert/strict';
import { test } from 'node:test';
import { displayBranch, parseBranch, presentBranch } from './branch-name.ts';

test('an absent or blank branch is the main line', () => {
  for (const text of [undefined, '', '  ']) assert.deepEqual(parseBranch(text), { mainLine: true });
});

test('the words for the main line mean it unless a branch has that very name', () => {
  for (const name of ['trunk', 'main', 'Main line']) {
    assert.deepEqual(parseBranch(name), { mainLine: false, name, orMainLine: true });
  }
});

test('a branch is named bare, behind branches/, or behind branches%2F', () => {
  const feature = { mainLine: false, name: 'feature', orMainLine: false };
  for (const text of ['feature', 'branches/feature', 'branches%2Ffeature', 'branches%2ffeature', ' feature ']) {
    assert.deepEqual(parseBranch(text), feature, text);
  }
  assert.deepEqual(parseBranch('branches/release/1'), { mainLine: false, name: 'release/1', orMainLine: false });
  assert.deepEqual(parseBranch('branches/main'), { mainLine: false, name: 'main', orMainLine: false });
});

test('in answers the main line is main, and Main line for people', () => {
  assert.equal(presentBranch({ name: 'master', isMainLine: true }), 'main');
  assert.equal(presentBranch({ name: 'trunk', isMainLine: true }), 'trunk');
  assert.equal(presentBranch({ name: 'feature', isMainLine: false }), 'branches/feature');
  assert.equal(displayBranch({ name: 'master', isMainLine: true }), 'Main line');
  assert.equal(displayBranch({ name: 'feature', isMainLine: false }), 'feature');
});
