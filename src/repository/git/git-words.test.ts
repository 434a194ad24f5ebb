import assert from 'node:assert/strict';
import { it } from 'node:test';
import { compareBytes } from '../path-order.ts';
import { isTagName } from '../tag-name.ts';
import { parseRevision } from './find-revision.ts';
import { remoteFailure } from './git-failure.ts';
import { parseCommit } from './git-objects.ts';
import { parseLfsPointer } from './lfs-pointer.ts';
import { parseRemoteRefs } from './remote.ts';
import { parseRemoteAddress } from './remote-address.ts';

it('tells hashes from numbers, the likelier meaning first', () => {
  const kinds = (text: string) => parseRevision(text).map(({ kind }) => kind);
  assert.deepEqual(kinds('63'), ['number']);
  assert.deepEqual(kinds('1234'), ['number', 'hash']);
  assert.deepEqual(kinds('123456'), ['number', 'hash']);
  assert.deepEqual(kinds('1234567'), ['hash', 'number']);
  assert.deepEqual(kinds('0123456'), ['hash']);
  assert.deepEqual(kinds(' DEADbeef '), ['hash']);
  for (const text of ['', 'abc', '0', '-1', '1e3', 'HEAD', 'a'.repeat(65), '9'.repeat(1_000_000)])
    assert.deepEqual(kinds(text), []);
});

const REFUSALS = [
  ["fatal: unable to access 'http://h/': Could not resolve host: h", 'unreachable', 'cannot be found'],
  ["fatal: Authentication failed for 'http://h/'", 'unreachable', 'does not let us in'],
  ["fatal: could not read Username for 'http://h': terminal prompts disabled", 'unreachable', 'does not let us in'],
  ['git@h: Permission denied (publickey).\nfatal: Could not read from remote repository.', 'unreachable', 'let us in'],
  ['Host key verification failed.\nfatal: Could not read from remote repository.', 'unreachable', 'known_hosts'],
  ["fatal: transport 'ext' not allowed", 'bad-address', 'refuses'],
  [`fatal: unable to access 'http://h/': Protocol "file" disabled`, 'bad-address', 'redirects'],
  ["fatal: unable to access 'http://h/': The redirect target URL could not be parsed", 'bad-address', 'redirects'],
  ['fatal: remote error: upload-pack: not our ref 1234', 'unknown-revision', 'revision'],
  [' ! [remote rejected] v1 -> v1 (pre-receive hook declined)', 'refused', 'allow'],
  ['fatal: something never seen before', 'unreachable', 'something never seen before'],
] as const;

for (const [stderr, kind, part] of REFUSALS) {
  it(`reads git's words ${JSON.stringify(stderr.slice(0, 50))}`, () => {
    const address = parseRemoteAddress('http://me:secret@h/app.git');
    const failure = remoteFailure(
      { code: 128, stdout: '', stderr: `${stderr} secret`, timedOut: false },
      address,
      1_000,
    );
    assert.equal(failure.kind, kind);
    assert.ok(failure.message.includes(part), failure.message);
    assert.ok(!`${failure.message} ${failure.cause}`.includes('secret'));
  });
}

it('takes for tag names what git takes', () => {
  for (const name of ['1.0.0.1', 'v1', 'a/b', 'größe', 'a@b', 'a-b']) assert.equal(isTagName(name), true, name);
  const bad = [
    '',
    '-a',
    '@',
    'a b',
    'a..b',
    'a~1',
    'a^',
    'a:b',
    'a?',
    'a*',
    'a[',
    'a\\b',
    'a.lock',
    'a.lock/b',
    '.a',
    'a/.b',
    'a/',
    '/a',
    'a//b',
    'a.',
    'a@{b',
    'a\u0001',
  ];
  for (const name of bad) assert.equal(isTagName(name), false, name);
});

it('knows an LFS pointer by its form', () => {
  const oid = 'ab'.repeat(32);
  const text = `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize 12\n`;
  assert.deepEqual(parseLfsPointer(Buffer.from(text)), { oid, sizeBytes: 12 });
  for (const other of [
    '',
    'version 1',
    text.replace('sha256', 'md5'),
    text.replace('size 12', ''),
    text + ' '.repeat(1024),
  ]) {
    assert.equal(parseLfsPointer(Buffer.from(other)), undefined);
  }
});

it('reads commits of other encodings, without a message, and without an author', () => {
  const head = 'tree 1234\nauthor J\u00f6rg <j@x> 1700000000 +0100\ncommitter A <a@x> 1700000001 +0000\n';
  const latin1 = Buffer.from(`${head}encoding ISO-8859-1\n\ngr\u00f6\u00dfer\n`, 'latin1');
  assert.deepEqual(parseCommit(latin1), {
    treeId: '1234',
    committedAt: 1_700_000_001_000,
    authorName: 'J\u00f6rg',
    authorEmail: 'j@x',
    message: 'gr\u00f6\u00dfer',
  });
  assert.equal(parseCommit(Buffer.from(`${head}\n`)).message, '');
  assert.equal(parseCommit(Buffer.from('tree 1\n\n')).authorName, '');
});

it('orders paths by their bytes', () => {
  const paths = ['a', 'a-b', 'a/b', 'b', 'z', '\u00e4', '\u20ac', '\uffee', '\u{1f600}', '\u{1f600}a'];
  const expected = paths.toSorted((x, y) => Buffer.compare(Buffer.from(x), Buffer.from(y)));
  assert.deepEqual(paths.toReversed().sort(compareBytes), expected);
});

it('reads the branches of a remote, and nothing that only looks like one', () => {
  const text = 'ref: refs/heads/a/b\tHEAD\n11\tHEAD\n11\trefs/heads/a/b\n22\trefs/remotes/refs/heads/x\n';
  const refs = parseRemoteRefs(text);
  assert.deepEqual([[...refs.heads], refs.headBranch], [[['a/b', '11']], 'a/b']);
});
