import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linkLeadsInside } from './link-leads-inside.ts';

test('a link may lead up as far as the top of the package, and down from there', () => {
  for (const [path, target] of [
    ['a', 'b'],
    ['a', './b/c'],
    ['x/y/a', '../../b'],
    ['x/a', '..'],
    ['x/a', '../.'],
  ] as const) {
    assert.equal(linkLeadsInside(path, target), true, `${path} to ${target}`);
  }
});

test('a link that leads out, or might through another link, is none of a package', () => {
  for (const [path, target] of [
    ['a', '..'],
    ['a', '/etc/passwd'],
    ['x/a', '../../b'],
    ['x/a', './../../b'],
    ['a', 'b/..'],
    ['a', 'b/../../c'],
    ['a', ''],
    ['a', 'b\0c'],
  ] as const) {
    assert.equal(linkLeadsInside(path, target), false, `${path} to ${target}`);
  }
});
