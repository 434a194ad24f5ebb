import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readDelivery } from './read-push.ts';

const [ONE, TWO, NONE] = ['1'.repeat(40), '2'.repeat(40), '0'.repeat(40)];

function read(body: string, headers: Readonly<Record<string, string>> = {}) {
  return readDelivery((name) => headers[name] ?? '', body);
}

test('the lines of post-receive are a push to each branch, and say who pushed and what the main line is', () => {
  const lines = [
    `${ONE} ${TWO} refs/heads/main`,
    `${NONE} ${TWO} refs/heads/a b/ü`.replace(' b', 'b'),
    `${NONE} ${TWO} refs/tags/v1`,
    `${ONE} ${NONE} refs/heads/old`,
    `${ONE} ${TWO} refs/notes/mx_metadata`,
    'pusher Richard Ford',
    'HEAD refs/heads/main',
  ];
  const delivery = read(`${lines.join('\r\n')}\r\n`);
  assert.ok(delivery.kind === 'push');
  const { pusher, changes, ignored } = delivery.push;
  assert.equal(pusher, 'Richard Ford');
  assert.deepEqual(
    changes.map(({ branch, isMainLine, before, after }) => [branch, isMainLine, before, after]),
    [
      ['main', true, ONE, TWO],
      ['ab/ü', false, NONE, TWO],
    ],
  );
  assert.deepEqual(ignored, [
    'refs/tags/v1 is not a branch.',
    'The branch old was deleted.',
    'refs/notes/mx_metadata is not a branch.',
  ]);
});

test('the lines of post-commit are read as svnlook prints them, changed paths and folders alike', () => {
  const changed = [
    'U   trunk/a.txt',
    'A + branches/x/',
    '    (from trunk/:r3)',
    '_U  trunk/',
    'UU  trunk/b c.txt',
    'D   branches/y/',
  ];
  const delivery = read(['r0042', 'pusher rford', ...changed, 'trunk/src/'].join('\n'));
  assert.ok(delivery.kind === 'svn');
  assert.deepEqual(delivery.commit, {
    revision: '42',
    pusher: 'rford',
    changed: [
      { path: 'trunk/a.txt', isDeleted: false },
      { path: 'branches/x', isDeleted: false },
      { path: 'trunk', isDeleted: false },
      { path: 'trunk/b c.txt', isDeleted: false },
      { path: 'branches/y', isDeleted: true },
      { path: 'trunk/src', isDeleted: false },
    ],
  });
});

test('JSON of no forge is read as GitHub sends it', () => {
  const delivery = read(JSON.stringify({ ref: 'refs/heads/main', before: ONE, after: TWO }));
  assert.ok(delivery.kind === 'push');
  assert.deepEqual(delivery.push.changes, [
    { branch: 'main', isMainLine: undefined, before: ONE, after: TWO, commits: [] },
  ]);
});

test('of a push of thousands of commits the last hundred are kept', () => {
  const commits = Array.from({ length: 2048 }, (_, at) => ({ id: String(at), message: 'x'.repeat(5000) }));
  const body = JSON.stringify({ ref: 'refs/heads/main', before: ONE, after: TWO, commits });
  const delivery = read(body, { 'x-github-event': 'push' });
  assert.ok(delivery.kind === 'push');
  const kept = delivery.push.changes[0]?.commits ?? [];
  assert.deepEqual([kept.length, kept.at(-1)?.id, kept[0]?.message.length], [100, '2047', 2000]);
});

test('of a push of a whole repository the first fifty branches count, and the rest is said', () => {
  const lines = Array.from({ length: 5000 }, (_, at) => `${NONE} ${TWO} refs/heads/topic-${at}`);
  const delivery = read(lines.join('\n'));
  assert.ok(delivery.kind === 'push');
  assert.equal(delivery.push.changes.length, 50);
  assert.deepEqual(delivery.push.ignored, ['It changed 5000 branches: those after the first 50 are left out.']);
});

test('what the names of fields are inherited from is no field', () => {
  assert.throws(() => read('{"constructor":{}}', { 'x-github-event': 'push' }), /names no ref/);
});

test('a form of very many fields takes no longer than its length', () => {
  const before = performance.now();
  const form = `payload=%7B%22zen%22%3A+%22caf%C3%A9%22%7D${'&a'.repeat(1_000_000)}`;
  assert.throws(() => readDelivery((name) => (name === 'x-github-event' ? 'push' : ''), form), /it names no ref/);
  assert.throws(() => readDelivery((name) => (name === 'x-github-event' ? 'push' : ''), 'payload=%ZZ'), /not JSON/);
  assert.ok(performance.now() - before < 5000);
});
