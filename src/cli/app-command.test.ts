import assert from 'node:assert/strict';
import { test } from 'node:test';
import { absoluteRepository } from './app-command.ts';

test('a path becomes absolute; addresses stay as they are', () => {
  const asked = ['.', '../calc.git', '/srv/calc.git', 'https://example.com/calc.git', 'git@example.com:calc.git'];
  assert.deepEqual(
    asked.map((repository) => absoluteRepository(repository, '/home/a')),
    ['/home/a', '/home/calc.git', '/srv/calc.git', 'https://example.com/calc.git', 'git@example.com:calc.git'],
  );
  assert.equal(absoluteRepository('ssh://git@example.com/calc.git', '/home/a'), 'ssh://git@example.com/calc.git');
  assert.equal(absoluteRepository('ext::sh -c true', '/home/a'), 'ext::sh -c true');
});

test('nothing, and what looks like an option, is left for the server to refuse', () => {
  assert.equal(absoluteRepository('', '/home/a'), '');
  assert.equal(absoluteRepository('--upload-pack=x', '/home/a'), '--upload-pack=x');
});
