import assert from 'node:assert/strict';
import { test } from 'node:test';
import { APP_DEFAULTS } from '../../domain/app-settings.ts';
import { branchOfPath, layoutOf } from './svn-layout.ts';

const layout = layoutOf(APP_DEFAULTS, undefined);

function branchOf(path: string, address = 'https://svn.example.com/repos/calc', of = layout): string | undefined {
  const found = branchOfPath(of, address, path);
  return found && `${found.name}${found.isMainLine ? ' (main line)' : ''}${found.isTop ? ' itself' : ''}`;
}

test('a changed path belongs to the main line or to the branch whose folder it is in', () => {
  assert.equal(branchOf('trunk/src/a.txt'), 'trunk (main line)');
  assert.equal(branchOf('trunk'), 'trunk (main line) itself');
  assert.equal(branchOf('branches/feature/a.txt'), 'feature');
  assert.equal(branchOf('branches/feature'), 'feature itself');
  for (const path of ['', 'branches', 'tags/1.0.0.1', 'trunks/a', 'readme.txt', 'a/trunk/b']) {
    assert.equal(branchOf(path), undefined, path);
  }
});

test('an app in a folder of its repository has the paths below that folder', () => {
  const address = 'https://svn.example.com/repos/all/the%20legacy/';
  assert.equal(branchOf('the legacy/trunk/a.txt', address), 'trunk (main line)');
  assert.equal(branchOf('all/the legacy/branches/x/a.txt', address), 'x');
  assert.equal(branchOf('other/trunk/a.txt', address), undefined);
  assert.equal(branchOf('legacy/trunk/a.txt', address), undefined);
});

test('the layout of the app counts, also where its folders lie deeper or are the address itself', () => {
  const deep = layoutOf({ Trunk: 'legacy/main', Branches: 'legacy/work', Tags: 'legacy/tags' }, undefined);
  assert.equal(branchOf('legacy/main/a', undefined, deep), 'trunk (main line)');
  assert.equal(branchOf('legacy/work/x/a', undefined, deep), 'x');
  assert.equal(branchOf('main/a', undefined, deep), undefined);
  const flat = layoutOf({ Trunk: '.', Branches: 'branches' }, undefined);
  assert.equal(branchOf('src/a', undefined, flat), 'trunk (main line)');
  assert.equal(branchOf('branches/x/a', undefined, flat), 'x');
});

test('a path of very many folders takes no longer than its length', () => {
  const before = performance.now();
  const of = layoutOf({}, undefined);
  assert.equal(branchOfPath(of, 'https://svn.example.com/calc', 'a/'.repeat(100_000)), undefined);
  assert.ok(performance.now() - before < 2000);
});
