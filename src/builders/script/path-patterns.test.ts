import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pathMatcher } from './path-patterns.ts';

function found(pattern: string, paths: readonly string[]): readonly string[] {
  return paths.filter(pathMatcher([pattern]) ?? assert.fail(pattern));
}

test('a pattern finds what a shell would find', () => {
  const paths = ['a', 'ab', 'b.jar', 'd/a', 'd/b.jar', 'd/e/b.jar', '.a', 'd/.a', 'd/.x/b.jar', 'a[b', 'ä😀'];
  assert.deepEqual(found('*', paths), ['a', 'ab', 'b.jar', 'a[b', 'ä😀']);
  assert.deepEqual(found('**/*.jar', paths), ['b.jar', 'd/b.jar', 'd/e/b.jar']);
  assert.deepEqual(found('d/**', paths), ['d/a', 'd/b.jar', 'd/e/b.jar']);
  assert.deepEqual(found('d/**/b.jar', paths), ['d/b.jar', 'd/e/b.jar']);
  assert.deepEqual(found('**/.*', paths), ['.a', 'd/.a']);
  assert.deepEqual(found('d/.x/*', paths), ['d/.x/b.jar']);
  assert.deepEqual(found('??', paths), ['ab', 'ä😀']);
  assert.deepEqual(found('[!b]', paths), ['a']);
  assert.deepEqual(found('a[a-c]', paths), ['ab']);
  assert.deepEqual(found('a[[]?', paths), ['a[b']);
  assert.deepEqual(found('a[*', paths), ['a[b']);
  assert.deepEqual(found('{d/{a,e/*},a{,b}}', paths), ['a', 'ab', 'd/a', 'd/e/b.jar']);
});

test('what is no pattern stands for itself and everything under it, hidden files included', () => {
  const isWanted = pathMatcher(['d', 'x/*']);
  assert.deepEqual(
    ['d', 'd/.a', 'd/e/f', 'da', 'x/a', 'x/.a'].filter((path) => isWanted?.(path)),
    ['d', 'd/.a', 'd/e/f', 'x/a'],
  );
  assert.equal(pathMatcher(['.', '*.jar'])?.('any/.thing'), true);
});

test('no pattern keeps the server busy', () => {
  const started = performance.now();
  assert.deepEqual(found(`${'*a'.repeat(100)}b`, ['a'.repeat(255)]), []);
  assert.deepEqual(found(`${'**/a/'.repeat(100)}b`, [`${'a/'.repeat(1000)}c`]), []);
  assert.equal(pathMatcher(['{a,b}'.repeat(30)]), undefined);
  assert.ok(performance.now() - started < 2_000);
});
